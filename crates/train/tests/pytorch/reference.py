"""Loss, gradients and updates of the baseline network in PyTorch: the numbers that
`pytorch_parity.rs` compares with.

    pip install torch numpy
    python reference.py > reference.json

Inputs, weights and dropout masks follow from formulas, so that both sides make them by themselves.
"""

import json
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

BATCH, STEPS, RATE, MOMENTUM = 8, 3, 0.01, 0.9
CHANNELS, HIDDEN = (32, 64, 128), 256
# Of the images' noise. Chosen by `margin`, see there.
KEY = 100


def noise(n, key, scale):
    """Uniform in ±scale: SplitMix64 (Steele, Lea & Flood, 2014) of each position and the key.

    Noise, not a smooth function: values that nearly tie in a pooling window would make the
    winner, and with it the gradient, hang on the last bits.
    """
    x = np.arange(n, dtype=np.uint64) + np.uint64(key << 32)
    with np.errstate(over="ignore"):
        x = (x + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    unit = (x >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1.0
    return (scale * unit).astype(np.float32)


def images(step):
    return torch.from_numpy(noise(BATCH * 3 * 32 * 32, KEY + step, 1.7).reshape(BATCH, 3, 32, 32))


def labels(step):
    return torch.tensor([(3 * i + step) % 10 for i in range(BATCH)])


def mask(n, key):
    """Dropout at rate 0.5: every input is dropped or doubled."""
    kept = noise(n, key, 1.0) > 0
    return torch.from_numpy(np.where(kept, 2.0, 0.0).astype(np.float32)).reshape(BATCH, -1)


class Net(nn.Module):
    def __init__(self, batch_norm, dropout):
        super().__init__()
        self.batch_norm, self.dropout = batch_norm, dropout
        n_in = 3
        for i, n_out in enumerate(CHANNELS, 1):
            setattr(self, f"conv{i}", nn.Conv2d(n_in, n_out, 3, padding=1))
            if batch_norm:
                setattr(self, f"bn{i}", nn.BatchNorm2d(n_out))
            n_in = n_out
        self.fc1 = nn.Linear(n_in * 4 * 4, HIDDEN)
        if batch_norm:
            self.bn4 = nn.BatchNorm1d(HIDDEN)
        self.fc2 = nn.Linear(HIDDEN, 10)
        with torch.no_grad():
            for k, (name, p) in enumerate(sorted(self.named_parameters())):
                if name.startswith("bn"):
                    base = 1.0 if name.endswith("weight") else 0.0
                    p.copy_(torch.from_numpy(base + noise(p.numel(), k, 0.1)).reshape(p.shape))
                else:
                    fan_in = p[0].numel() if p.dim() > 1 else 100
                    scale = math.sqrt(4.0 / fan_in)
                    p.copy_(torch.from_numpy(noise(p.numel(), k, scale)).reshape(p.shape))

    def forward(self, x, step):
        for i in (1, 2, 3):
            x = getattr(self, f"conv{i}")(x)
            if self.batch_norm:
                x = getattr(self, f"bn{i}")(x)
            x = F.max_pool2d(F.relu(x), 2)
        x = x.flatten(1)
        if self.dropout:
            x = x * mask(x.numel(), 200 + step)
        x = self.fc1(x)
        if self.batch_norm:
            x = self.bn4(x)
        x = F.relu(x)
        if self.dropout:
            x = x * mask(x.numel(), 300 + step)
        return self.fc2(x)


def summary(tensor):
    flat = tensor.detach().double().flatten()
    picks = [int(i * (len(flat) - 1) / 4) for i in range(5)]
    return {"norm": flat.norm().item(), "sum": flat.sum().item(), "picks": [flat[i].item() for i in picks]}


def margin(net):
    """How clear the closest decision of the first step is: whether a unit is above zero, and
    which pixel of a window wins. A gradient jumps where a decision is within rounding, and then
    two frameworks may rightly differ.
    """
    closest = []
    x = images(0)
    for i in (1, 2, 3):
        x = getattr(net, f"conv{i}")(x)
        if net.batch_norm:
            x = getattr(net, f"bn{i}")(x)
        windows = x.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4).flatten(0, 3)
        first, second = windows.topk(2).values.T
        closest += [first.abs().min(), (first - second)[first > 0].min()]
        x = F.max_pool2d(F.relu(x), 2)
    x = x.flatten(1)
    x = net.fc1(x * mask(x.numel(), 200)) if net.dropout else net.fc1(x)
    x = net.bn4(x) if net.batch_norm else x
    return min(*closest, x.abs().min()).item()


def evaluate(net):
    """Loss in evaluation mode, after the first update."""
    dropout, net.dropout = net.dropout, False
    net.eval()
    with torch.no_grad():
        loss = F.cross_entropy(net(images(9), 9), labels(9)).item()
    net.train()
    net.dropout = dropout
    return loss


def case(name, batch_norm, dropout):
    net = Net(batch_norm, dropout)
    optimizer = torch.optim.SGD(net.parameters(), lr=RATE, momentum=MOMENTUM)
    losses, gradients = [], {}
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images(step), step), labels(step))
        loss.backward()
        if step == 0:
            gradients = {n: summary(p.grad) for n, p in net.named_parameters()}
        optimizer.step()
        losses.append(loss.item())
        if step == 0:
            evaluation = evaluate(net)
    weights = {n: summary(t) for n, t in net.state_dict().items() if "num_batches" not in n}
    return {
        "name": name,
        "batch_norm": batch_norm,
        "dropout": dropout,
        "losses": losses,
        "gradients": gradients,
        "weights": weights,
        "evaluation_loss": evaluation,
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    networks = [Net(False, False), Net(False, True), Net(True, False)]
    while min(margin(net) for net in networks) < 2e-6:
        KEY += 10
    cases = [case("plain", False, False), case("dropout", False, True), case("batch norm", True, False)]
    print(json.dumps({"torch": torch.__version__, "key": KEY, "cases": cases}, indent=1))
