//! The integration tests: they drive the built binaries through `kit`, one file per feature.

mod store;
