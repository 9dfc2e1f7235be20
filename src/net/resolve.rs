//! Names to addresses: the system's resolver, or a script that a test wrote.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

/// What a resolver will answer.
pub type Answer<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Finds the addresses of a name.
pub trait Resolve: Send + Sync {
    /// All addresses, in the order of preference.
    fn resolve<'a>(&'a self, name: &'a str) -> Answer<'a>;
}

/// `getaddrinfo`, on a thread beside the executor.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Resolve for System {
    fn resolve<'a>(&'a self, name: &'a str) -> Answer<'a> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            let mut addresses: Vec<IpAddr> = Vec::new();
            for address in found.map(|found| found.ip()) {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
            Ok(addresses)
        })
    }
}

/// Answers in the order in which they were written; the last one stays. For tests of rebinding.
#[derive(Debug, Default)]
pub struct Scripted(Mutex<VecDeque<(String, Vec<IpAddr>)>>);

impl Scripted {
    /// Each name with what it answers; several lines of one name answer one after another.
    #[must_use]
    pub fn new(lines: &[(&str, &[IpAddr])]) -> Self {
        Self(Mutex::new(lines.iter().map(|(name, addresses)| ((*name).to_owned(), addresses.to_vec())).collect()))
    }
}

impl Resolve for Scripted {
    fn resolve<'a>(&'a self, name: &'a str) -> Answer<'a> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut of_name = (0..lines.len()).filter(|at| lines[*at].0 == name);
        let (first, again) = (of_name.next(), of_name.next());
        let answer = first.map(|at| if again.is_some() { lines.remove(at) } else { lines.get(at).cloned() });
        drop(lines);
        let none = || io::Error::new(io::ErrorKind::NotFound, "no such name");
        Box::pin(async move { answer.flatten().map(|(_, addresses)| addresses).ok_or_else(none) })
    }
}
