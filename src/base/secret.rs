//! The shape of a secret: what a key, token or private key looks like.
//!
//! Used to refuse a configuration that holds one and to keep them out of logs. Shapes only:
//! whoever holds a value compares with the value itself.
