//! From a clause to what is ordered: an intent with its command, for which kinds of entities.
//!
//! `rules` tries one file after the other, each the orders that one kind of things is given.

pub(super) mod action;
mod climate;
mod cover;
pub(super) mod degrees;
mod fan;
mod light;
pub(super) mod option;
mod player;
mod power;
pub(super) mod robot;
pub(super) mod rules;
