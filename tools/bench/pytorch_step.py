"""Times Plateau's training step, or its evaluation, as PyTorch computes it.

    pip install torch
    python tools/bench/pytorch_step.py --variant dropout --threads 1
    python tools/bench/pytorch_step.py --pass evaluate --batch 1000 --json

The last line printed is a JSON object with the same keys as that of `plateau bench`. A step is all
of it: shuffled images of bytes gathered into a batch, normalised, forward, loss, backward, update.
PyTorch runs with what was measured to be its fastest plain settings (see tools/bench/README.md).
"""

import argparse
import ctypes
import json
import pathlib
import resource
import statistics
import sys
import time

import torch
from torch import nn

SIDE, CLASSES, DROPOUT_RATE = 32, 10, 0.5
LEARNING_RATE, MOMENTUM = 0.01, 0.9
SEED = 0


def at_least(least):
    def parse(text):
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is less than {least}")
        return number

    return parse


def channel_list(text):
    try:
        channels = [at_least(1)(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of whole numbers such as 32,64,128") from None
    if len(channels) > 5:
        raise argparse.ArgumentTypeError(f"{len(channels)} blocks, but {SIDE}x{SIDE} images can be halved 5 times")
    return channels


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--variant", choices=["plain", "dropout", "bn"], default="plain")
    parser.add_argument("--channels", type=channel_list, default=[32, 64, 128], metavar="A,B,C")
    parser.add_argument("--hidden", type=at_least(1), default=256, metavar="N")
    parser.add_argument("--batch", type=at_least(1), default=128, metavar="N")
    parser.add_argument("--threads", type=at_least(1), default=1, metavar="N")
    parser.add_argument("--steps", type=at_least(1), default=100, metavar="N", help="steps measured")
    parser.add_argument("--warmup", type=at_least(0), default=10, metavar="N", help="steps before them")
    parser.add_argument("--memory-format", choices=["channels_last", "contiguous"], default="channels_last")
    parser.add_argument("--pass", dest="kind", choices=["train", "evaluate"], default="train")
    parser.add_argument("--images", type=at_least(1), default=45_000, metavar="N", help="images held in memory")
    parser.add_argument("--allocator", choices=["keep", "system"], default="keep",
                        help="keep: freed memory stays with the process (glibc only); system: as it comes")
    parser.add_argument("--optimizer", choices=["fused", "foreach", "loop"], default="fused",
                        help="implementation of SGD")
    parser.add_argument("--compile", action="store_true", help="torch.compile the network (needs a C++ compiler)")
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON object")
    arguments = parser.parse_args()
    if arguments.batch > arguments.images:
        parser.error(f"--batch {arguments.batch} is more than --images {arguments.images}")
    if arguments.variant == "bn" and arguments.kind == "train" and arguments.batch == 1:
        parser.error("--variant bn can't train on one image per batch: it has no variance")
    return arguments


def keep_freed_memory():
    """Has glibc reuse freed memory instead of giving it back: else each large tensor costs page faults."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return "system"
    m_trim_threshold, m_mmap_max = -1, -4  # malloc.h
    done = mallopt(m_trim_threshold, 2**31 - 1) and mallopt(m_mmap_max, 0)
    return "keep" if done else "system"


def build_network(arguments):
    batch_norm, dropout = arguments.variant == "bn", arguments.variant == "dropout"
    layers, n_inputs = [], 3
    for n_channels in arguments.channels:
        layers.append(nn.Conv2d(n_inputs, n_channels, 3, padding=1))
        layers += [nn.BatchNorm2d(n_channels)] if batch_norm else []
        layers += [nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        n_inputs = n_channels
    side = SIDE >> len(arguments.channels)
    layers.append(nn.Flatten())
    layers += [nn.Dropout(DROPOUT_RATE)] if dropout else []
    layers.append(nn.Linear(n_inputs * side * side, arguments.hidden))
    layers += [nn.BatchNorm1d(arguments.hidden)] if batch_norm else []
    layers.append(nn.ReLU(inplace=True))
    layers += [nn.Dropout(DROPOUT_RATE)] if dropout else []
    layers.append(nn.Linear(arguments.hidden, CLASSES))
    return nn.Sequential(*layers)


class Images:
    """Random bytes and labels, in the memory order that the network wants."""

    def __init__(self, count, batch, channels_last):
        shape = (count, SIDE, SIDE, 3) if channels_last else (count, 3, SIDE, SIDE)
        self.channels_last, self.batch = channels_last, batch
        self.bytes = torch.randint(0, 256, shape, dtype=torch.uint8)
        self.labels = torch.randint(0, CLASSES, (count,))
        per_channel = (3,) if channels_last else (3, 1, 1)
        self.mean = torch.tensor([125.3, 123.0, 113.9]).reshape(per_channel)
        self.std = torch.tensor([63.0, 62.1, 66.7]).reshape(per_channel)
        self.order, self.next = torch.randperm(count), 0

    def next_batch(self):
        if self.next + self.batch > len(self.order):
            self.order, self.next = torch.randperm(len(self.order)), 0
        chosen = self.order[self.next:self.next + self.batch]
        self.next += self.batch
        x = self.bytes.index_select(0, chosen).float().sub_(self.mean).div_(self.std)
        # [batch, side, side, 3] seen as [batch, 3, side, side] is what PyTorch calls channels_last.
        return x.permute(0, 3, 1, 2) if self.channels_last else x, self.labels.index_select(0, chosen)


def training_step(network, images, arguments):
    loss_of = nn.CrossEntropyLoss()
    fused = {"fused": arguments.optimizer == "fused", "foreach": arguments.optimizer == "foreach"}
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM, **fused)
    network.train()

    def step():
        x, target = images.next_batch()
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(network(x), target)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def evaluation_step(network, images):
    network.eval()

    @torch.inference_mode()
    def step():
        x, target = images.next_batch()
        logits = network(x)
        loss = nn.functional.cross_entropy(logits, target)
        correct = (logits.argmax(1) == target).sum()
        return loss.item(), correct.item()

    return step


def peak_rss_bytes():
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main():
    arguments = read_arguments()
    allocator = keep_freed_memory() if arguments.allocator == "keep" else "system"
    torch.set_num_threads(arguments.threads)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(SEED)

    channels_last = arguments.memory_format == "channels_last"
    images = Images(arguments.images, arguments.batch, channels_last)
    network = build_network(arguments)
    network = network.to(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
    network = torch.compile(network) if arguments.compile else network
    training = arguments.kind == "train"
    step = training_step(network, images, arguments) if training else evaluation_step(network, images)

    for _ in range(arguments.warmup):
        step()
    seconds = []
    for _ in range(arguments.steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)

    lower, median, upper = statistics.quantiles(seconds, n=4, method="inclusive") if len(seconds) > 1 else seconds * 3
    result = {
        "program": "pytorch",
        "version": torch.__version__,
        "pass": arguments.kind,
        "variant": arguments.variant,
        "channels": arguments.channels,
        "hidden": arguments.hidden,
        "batch": arguments.batch,
        "threads": arguments.threads,
        "steps": arguments.steps,
        "memory_format": arguments.memory_format,
        "allocator": allocator,
        "optimizer": arguments.optimizer if training else None,
        "compiled": arguments.compile,
        "images": arguments.images,
        "images_per_second": arguments.batch / median,
        "step_seconds": {"median": median, "lower_quartile": lower, "upper_quartile": upper},
        "peak_rss_bytes": peak_rss_bytes(),
    }
    if not arguments.json:
        print(f"PyTorch {torch.__version__}, {arguments.variant}, {arguments.kind}: "
              f"{result['images_per_second']:.0f} images/s, {median * 1e3:.2f} ms per step")
    print(json.dumps(result))


if __name__ == "__main__":
    sys.exit(main())
