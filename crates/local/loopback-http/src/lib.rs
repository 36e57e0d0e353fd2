//! HTTP servers on loopback that a web page cannot reach.
//!
//! A browser on this machine opens loopback addresses for every page. A page can post to such an address, or give its own
//! host name the address 127.0.0.1 (DNS rebinding) and read the replies. The servers of the local stack do not authenticate
//! callers. Each therefore rejects the requests that only such a page sends: a `Host` that is not a loopback name with the
//! server's port, or an `Origin` other than its own. Each also limits the time and size of a request's head, and the time
//! of its body.
//!
//! This crate must never know the content that a server serves. Start at [`Server::start`].
//!
//! | file | holds |
//! |---|---|
//! | `server.rs` | starting, serving, stopping |
//! | `listener.rs` | opening a port |
//! | `admission.rs` | the accepted requests |
//! | `host.rs` | a host with its port, as in `Host` |
//! | `refusal.rs` | the reasons for a rejection |

mod admission;
mod host;
mod listener;
mod refusal;
mod server;

pub use admission::{Admission, allows_origin};
pub use host::is_host;
pub use listener::{ListenError, Listener};
pub use refusal::Refusal;
pub use server::Server;
