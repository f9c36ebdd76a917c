//! Whose run it is: an engine may be shared.

/// The user and the machine that this process belongs to: `1000@workstation`.
pub fn owner() -> String {
    let user = rustix::process::getuid().as_raw();
    let machine = rustix::system::uname();
    format!("{user}@{}", machine.nodename().to_string_lossy())
}
