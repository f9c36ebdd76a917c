//! Files of a node, as the server's account.

use std::path::Path;

use crate::engine::{Streams, heredoc, quoted};
use crate::problem::{Blame, Problem};

use super::Act;
use super::node::Node;

/// Larger pieces than this go to the shell one after the other.
const PIECE: usize = 1 << 20;

pub async fn read_file(node: &Node, path: &str) -> Result<String, Problem> {
    node.must(
        &format!("reading `{path}`"),
        &format!("cat {}", quoted(path)),
    )
    .await
}

/// Writes a file anew.
pub async fn write_file(act: &Act, node: &Node, path: &str, text: &str) -> Result<(), Problem> {
    act.shows(Some(&node.name), typed(text, ">", &quoted(path)), "");
    node.must(
        &format!("writing `{path}`"),
        &format!(": > {}", quoted(path)),
    )
    .await?;
    append(node, path, text).await
}

pub async fn append_file(act: &Act, node: &Node, path: &str, text: &str) -> Result<(), Problem> {
    act.shows(Some(&node.name), typed(text, ">>", &quoted(path)), "");
    append(node, path, text).await
}

/// The command that writes a text as a person would type it: `cat >> file <<'EOF'`.
pub(super) fn typed(text: &str, redirection: &str, file: &str) -> String {
    match text.strip_suffix('\n') {
        Some(lines) => format!("cat {redirection} {file} {}", heredoc(lines)),
        // A here-document ends its last line.
        None => format!("printf %s {} {redirection} {file}", quoted(text)),
    }
}

/// Appends through the open shell: no process is started for it.
pub(super) async fn append(node: &Node, path: &str, text: &str) -> Result<(), Problem> {
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(PIECE));
        let script = format!("printf %s {} >> {}", quoted(piece), quoted(path));
        node.must(&format!("writing `{path}`"), &script).await?;
        rest = behind;
    }
    Ok(())
}

/// Copies a file or folder that lies beside the playbook, never one from outside its root.
pub async fn copy_in(
    act: &Act,
    node: &Node,
    root: &Path,
    beside: &Path,
    from: &str,
    to: &str,
) -> Result<(), Problem> {
    let wrong =
        |text: String| Problem::new(Blame::Playbook, format!("`{from}` can't be copied: {text}"));
    let source = beside
        .join(from)
        .canonicalize()
        .map_err(|error| wrong(error.to_string()))?;
    let root = root
        .canonicalize()
        .map_err(|error| wrong(error.to_string()))?;
    if !source.starts_with(&root) {
        return Err(wrong("it lies outside the playbook's root".to_owned()));
    }
    let mut archive = tar::Builder::new(Vec::new());
    archive.follow_symlinks(false);
    let packed = if source.is_dir() {
        archive.append_dir_all("it", &source)
    } else {
        archive.append_path_with_name(&source, "it")
    };
    let archive = packed
        .and_then(|()| archive.into_inner())
        .map_err(|error| wrong(error.to_string()))?;
    node.machine()?;
    let staging = "/tmp/.pgdrill-copy";
    node.must(
        "making a folder",
        &format!("rm -rf {staging}; mkdir {staging}"),
    )
    .await?;
    node.engine
        .upload(&node.container, staging, archive.into())
        .await?;
    act.shows(None, format!("docker cp {from} {}:{to}", node.name), "");
    // Copied once more, so that it belongs to the server's account.
    let script = format!("cp -R {staging}/it {} && rm -rf {staging}", quoted(to));
    let copied = node.run_as(&node.account, &script, Streams::Apart).await?;
    if copied.code != 0 {
        return Err(node.broken(&format!("copying to `{to}`"), &copied));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::typed;

    #[test]
    fn a_text_is_written_by_a_command_that_can_be_typed() {
        let texts = ["a = 'b'\n", "EOF\n\n", "no end", "", "\n"];
        let typed = texts.map(|text| typed(text, ">>", "/f"));
        insta::assert_snapshot!(typed.join("\n"), @r"
        cat >> /f <<'EOF'
        a = 'b'
        EOF
        cat >> /f <<'EOF_'
        EOF

        EOF_
        printf %s 'no end' >> /f
        printf %s '' >> /f
        cat >> /f <<'EOF'

        EOF
        ");
    }
}
