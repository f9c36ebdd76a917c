//! What needs a container engine: every scenario of the product, themed playbooks that use each
//! function of the language, and the bad days. Without an engine they fail.

mod bad_days;
mod drill;
mod images;
mod kept;
mod keyboard;
mod left;
mod manual;
mod networks;
mod proxy;
mod replication;
mod repmgr;
mod reports;
mod scenarios;
mod tutorials;
mod typed;
mod workloads;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let mut arguments = Arguments::from_args();
    // Each of them runs servers; more at once only make each other slow.
    arguments.test_threads.get_or_insert(2);
    let trials = scenarios::trials()
        .into_iter()
        .chain(bad_days::trials())
        .chain(images::trials())
        .chain(kept::trials())
        .chain(keyboard::trials())
        .chain(typed::trials())
        .chain(workloads::trials())
        .chain(manual::trials())
        .chain(networks::trials())
        .chain(proxy::trials())
        .chain(repmgr::trials())
        .chain(replication::trials())
        .chain(reports::trials())
        .chain(tutorials::trials())
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// Trials of a module, by the names of their functions.
fn named(tests: &[(&str, fn())]) -> Vec<Trial> {
    let trial = |&(name, test): &(&str, fn())| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    tests.iter().map(trial).collect()
}

/// A module's trials are listed once.
#[macro_export]
macro_rules! trials {
    ($($test:ident),+ $(,)?) => {
        pub fn trials() -> Vec<libtest_mimic::Trial> {
            $crate::named(&[$((stringify!($test), $test)),+])
        }
    };
}
