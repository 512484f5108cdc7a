//! Answers of feeds → signals, one file per format.
