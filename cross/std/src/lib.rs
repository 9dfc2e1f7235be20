//! Nothing: this crate makes cargo compile std.
//!
//! `cross/setup` takes the libraries that std was compiled into and leaves this one.
