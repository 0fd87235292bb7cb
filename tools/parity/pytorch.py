"""Repeats a traced run in PyTorch on real CIFAR-10 and prints the largest differences.

    pip install torch numpy safetensors
    python tools/parity/pytorch.py                 # plain network, 100 steps
    python tools/parity/pytorch.py --batch-norm

Runs `plateau train --trace` by itself (12,800 training images, one epoch, batch 128), then takes
from the trace the initial weights, and for each step the learning rate and the images; PyTorch does
the steps in single and in double precision. Training amplifies rounding errors, with batch norm
soon to per cents: exits with 1 if the loss of any of the first 50 steps differs from the one in double
precision by more than 1e-3 relative, and by more than three times what PyTorch's own in single
precision does.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

TOLERANCE, CHECKED_STEPS = 1e-3, 50


class Net(nn.Module):
    def __init__(self, batch_norm):
        super().__init__()
        self.batch_norm = batch_norm
        sizes = [3, 32, 64, 128]
        for i in (1, 2, 3):
            setattr(self, f"conv{i}", nn.Conv2d(sizes[i - 1], sizes[i], 3, padding=1))
            if batch_norm:
                setattr(self, f"bn{i}", nn.BatchNorm2d(sizes[i]))
        self.fc1 = nn.Linear(2048, 256)
        if batch_norm:
            self.bn4 = nn.BatchNorm1d(256)
        self.fc2 = nn.Linear(256, 10)

    def forward(self, x):
        for i in (1, 2, 3):
            x = getattr(self, f"conv{i}")(x)
            if self.batch_norm:
                x = getattr(self, f"bn{i}")(x)
            x = F.max_pool2d(F.relu(x), 2)
        x = self.fc1(x.flatten(1))
        if self.batch_norm:
            x = self.bn4(x)
        return self.fc2(F.relu(x))


def read_training_images(folder):
    images, labels = [], []
    for batch in range(1, 6):
        raw = np.fromfile(folder / f"data_batch_{batch}.bin", dtype=np.uint8).reshape(-1, 3073)
        labels.append(raw[:, 0])
        images.append(raw[:, 1:].reshape(-1, 3, 32, 32))
    return np.concatenate(images), np.concatenate(labels)


class PyTorch:
    """The network with its optimiser, in one precision."""

    def __init__(self, batch_norm, initial, dtype):
        self.net, self.dtype = Net(batch_norm), dtype
        missing = self.net.load_state_dict(initial, strict=False).missing_keys
        assert all(name.endswith("num_batches_tracked") for name in missing), missing
        self.net.to(dtype)
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=0.1, momentum=0.9)

    def step(self, batch, target, rate):
        """One update; the loss before it."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.net(torch.from_numpy(batch).to(self.dtype)), target)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--plateau", default="target/release/plateau", help="the program")
    parser.add_argument("--batch-norm", action="store_true")
    parser.add_argument("--lr", type=float, default=0.03)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    plateau = arguments.plateau
    where = subprocess.run([plateau, "data", "where", "--json"], check=True, capture_output=True, text=True)
    images, labels = read_training_images(pathlib.Path(json.loads(where.stdout)["batches"]))

    with tempfile.TemporaryDirectory() as folder:
        trace = pathlib.Path(folder) / "trace"
        command = [plateau, "train", "--train-size", "12800", "--validation-size", "1000", "--epochs", "1"]
        command += ["--lr", str(arguments.lr), "--seed", str(arguments.seed)]
        command += ["--out", str(pathlib.Path(folder) / "run"), "--trace", str(trace)]
        command += ["--batch-norm"] if arguments.batch_norm else []
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        initial = load_file(trace / "initial.safetensors")
        final = load_file(trace / "final.safetensors")
        steps = [json.loads(line) for line in (trace / "steps.jsonl").read_text().splitlines()]

    subset = images[np.concatenate([step["images"] for step in steps])].astype(np.float64) / 255
    mean = subset.mean(axis=(0, 2, 3)).reshape(1, 3, 1, 1)
    std = subset.std(axis=(0, 2, 3)).reshape(1, 3, 1, 1)

    nets = [PyTorch(arguments.batch_norm, initial, dtype) for dtype in (torch.float32, torch.float64)]
    worst, floor = 0.0, 0.0
    for step in steps:
        batch = (images[step["images"]] / 255.0 - mean) / std
        target = torch.from_numpy(labels[step["images"]].astype(np.int64))
        single, double = (net.step(batch, target, step["learning_rate"]) for net in nets)
        ours, theirs = (abs(loss - double) / double for loss in (step["loss"], single))
        if step["step"] <= CHECKED_STEPS:
            worst, floor = max(worst, ours), max(floor, theirs)
        if step["step"] in (1, 2, 3, 5, 10, 25, 50, 75, 100):
            print(
                f"step {step['step']:3}: PyTorch, double {double:.6f}; "
                f"Plateau {step['loss']:.6f}, relative {ours:.1e}; "
                f"PyTorch, single {single:.6f}, relative {theirs:.1e}"
            )
    state = nets[0].net.state_dict()
    largest = max((state[name] - tensor).abs().max().item() for name, tensor in final.items())
    print(f"largest relative difference from double precision, first {CHECKED_STEPS} of {len(steps)} steps:")
    print(f"  Plateau {worst:.1e}, PyTorch in single precision {floor:.1e}")
    print(f"largest difference of any weight, Plateau and PyTorch in single precision: {largest:.1e}")
    return 0 if worst <= max(TOLERANCE, 3 * floor) else 1


if __name__ == "__main__":
    sys.exit(main())
