//! HTTP servers on loopback that a web page cannot reach.
//!
//! A browser on this machine opens loopback for every page: a page posts to it, or gives its own host name the address
//! 127.0.0.1 (DNS rebinding) and reads the answers. The servers of the local stack authenticate no one, so each refuses requests
//! that only such a page sends: a `Host` that is not a loopback name with the server's port, or an `Origin` other than its
//! own. It also bounds the time and size of a request's head, and the time of its body.
//!
//! It must never know what a server serves. Start at [`Server::start`].
//!
//! | file | holds |
//! |---|---|
//! | `server.rs` | starting, serving, stopping |
//! | `admission.rs` | the requests that are accepted |
//! | `host.rs` | a host with its port, as in `Host` |
//! | `refusal.rs` | the reasons for a refusal |

mod admission;
mod host;
mod refusal;
mod server;

pub use admission::{Admission, allows_origin};
pub use host::is_host;
pub use refusal::Refusal;
pub use server::Server;
