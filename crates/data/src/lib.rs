//! CIFAR-10 and a synthetic twin: sources, verified cache, splits, normalisation, order
