//! The convolutional network on burn: layers, initialisation, forward pass
