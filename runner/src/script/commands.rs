//! Commands and files on a node.

use std::sync::Arc;

use rhai::plugin::{NativeCallContext, export_module, exported_module};
use rhai::{Engine, Map};

use super::kinds::Kind;
use super::options::{Keys, Options};
use super::raise::{RhaiResultOf, session, shown_step, step};
use crate::lab::{self, Node, ShellOptions};

pub const KEYS: &[Keys] = &[Keys {
    function: "sh",
    keys: &[("user", Kind::Text), ("fails", Kind::ExitCode)],
}];

pub fn register(engine: &mut Engine) {
    engine.register_global_module(exported_module!(chapter).into());
}

#[export_module]
mod chapter {
    /// Runs a command of a POSIX shell on the node, shows it with all that it prints, and returns
    /// that. PATH has the server major's programs first; PGDATA, PGHOST, PGPORT and PGUSER are set.
    ///
    /// Options:
    /// - `user` (the server's account).
    /// - `fails` (`false`): `true`, or the exit code that is expected.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// sh(p1, "pg_controldata | grep 'Data page checksum'");
    /// sh(p1, "cat /no/such/file", #{ fails: 1 });
    /// ```
    #[rhai_fn(name = "sh", return_raw, pure)]
    pub fn sh_with(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        command: &str,
        options: Map,
    ) -> RhaiResultOf<String> {
        let mut options = Options::of(&call, KEYS, options)?;
        let options = ShellOptions {
            user: options.text("user")?,
            expected: options.expected()?,
        };
        let lab = session(&call).lab();
        shown_step(&call, format!("command on {}", node.name), async |act| {
            lab::sh(act, &lab, node, command, &options).await
        })
    }

    #[rhai_fn(name = "sh", return_raw, pure)]
    pub fn sh(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        command: &str,
    ) -> RhaiResultOf<String> {
        sh_with(call, node, command, Map::new())
    }

    /// Runs a command of a shell on the node, as the server's account, and returns `#{ code, out, err }`.
    /// Not shown; an exit code other than 0 is a result like any other.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// let found = exec(p1, "test -f $PGDATA/standby.signal");
    /// expect_eq(found.code, 1);
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn exec(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        command: &str,
    ) -> RhaiResultOf<Map> {
        let lab = session(&call).lab();
        let output = step(&call, format!("command on {}", node.name), async |_| {
            lab::execute(&lab, node, command).await
        })?;
        Ok([
            ("code".into(), i64::from(output.code).into()),
            ("out".into(), output.out.into()),
            ("err".into(), output.err.into()),
        ]
        .into())
    }

    /// The text of a file on the node. Not shown.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// expect_eq(read_file(p1, "/var/lib/postgresql/data/PG_VERSION"), p1.major + "\n");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn read_file(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        path: &str,
    ) -> RhaiResultOf<String> {
        step(&call, format!("read a file of {}", node.name), async |_| {
            lab::read_file(node, path).await
        })
    }

    /// Writes a text to a file on the node, in place of what was there.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// write_file(p1, "/tmp/hello", "hello\n");
    /// sh(p1, "cat /tmp/hello");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn write_file(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        path: &str,
        text: &str,
    ) -> RhaiResultOf<()> {
        shown_step(
            &call,
            format!("write a file on {}", node.name),
            async |act| lab::write_file(act, node, path, text).await,
        )
    }

    /// Adds a text to the end of a file on the node.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// append_file(p1, "/tmp/hello", "hello\n");
    /// append_file(p1, "/tmp/hello", "again\n");
    /// sh(p1, "cat /tmp/hello");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn append_file(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        path: &str,
        text: &str,
    ) -> RhaiResultOf<()> {
        shown_step(
            &call,
            format!("append to a file on {}", node.name),
            async |act| lab::append_file(act, node, path, text).await,
        )
    }

    /// Copies a file or a folder that lies beside the playbook to the node, where it belongs to the
    /// server's account. Nothing outside the playbook's root can be copied.
    ///
    /// ```rhai
    /// let p1 = start_node("p1");
    /// copy_in(p1, "files/hello.txt", "/tmp/hello.txt");
    /// sh(p1, "cat /tmp/hello.txt");
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn copy_in(
        call: NativeCallContext<'_>,
        node: &mut Arc<Node>,
        from: &str,
        to: &str,
    ) -> RhaiResultOf<()> {
        let session = session(&call);
        shown_step(&call, format!("copy to {}", node.name), async |act| {
            lab::copy_in(act, node, &session.world.root, &session.beside, from, to).await
        })
    }
}
