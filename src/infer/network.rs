//! The frozen network, the engine's only input.
