//! The titles that a playbook gives to its sections, read without running it.

use std::collections::BTreeSet;
use std::path::Path;

use rhai::{AST, ASTNode, Expr, FnCallExpr, Stmt};

use super::engine::{Playbook, compile, vocabulary};
use super::imports::Imports;
use crate::problem::Problem;

/// Titles of steps and labs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Titles {
    /// Those that are there however the playbook goes.
    pub certain: Vec<String>,
    /// All that there can be; none: it can't be known, because some are computed.
    pub all: Option<BTreeSet<String>>,
}

/// Reads the titles of a playbook, whose imports are looked for in `root` and `folder`.
pub fn titles(playbook: &Playbook, root: &Path, folder: &Path) -> Result<Titles, Problem> {
    let ast = compile(&vocabulary(), playbook)?;
    let mut all = All {
        imports: Imports::new(root.to_path_buf(), folder.to_path_buf()),
        seen: BTreeSet::new(),
        titles: Some(BTreeSet::new()),
    };
    all.file(None, &ast);
    Ok(Titles {
        certain: certain(&ast),
        all: all.titles,
    })
}

/// The steps and labs of the playbook's own course. A step before a lab may leave no heading: it is
/// taken out where nothing comes between them.
fn certain(ast: &AST) -> Vec<String> {
    let mut certain = Vec::new();
    let mut open = None;
    let hidden = functions_with_labs(ast);
    for statement in ast.statements() {
        let call = match statement {
            Stmt::FnCall(call, _) => Some(&**call),
            Stmt::Expr(expression) => match &**expression {
                Expr::FnCall(call, _) => Some(&**call),
                _ => None,
            },
            _ => None,
        };
        match call.map(|it| (it.name.as_str(), title(it))) {
            Some(("step", title)) => certain.extend(std::mem::replace(&mut open, title)),
            Some(("lab", title)) => {
                open = None;
                certain.extend(title);
            }
            _ if calls(statement, |it| it == "lab" || hidden.contains(it)) => open = None,
            _ => {}
        }
    }
    certain.extend(open);
    certain
}

/// The playbook's own functions that begin labs.
fn functions_with_labs(ast: &AST) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for function in ast.iter_functions() {
        let mut only = ast.clone_functions_only();
        only.retain_functions(|_, _, it, _| it == function.name);
        let mut labs = false;
        only.walk(&mut |path| {
            labs |= path
                .last()
                .and_then(called)
                .is_some_and(|it| it.name == "lab");
            !labs
        });
        if labs {
            names.insert(function.name.to_owned());
        }
    }
    names
}

fn calls(statement: &Stmt, named: impl Fn(&str) -> bool) -> bool {
    let mut found = false;
    statement.walk(&mut Vec::new(), &mut |path| {
        found |= path
            .last()
            .and_then(called)
            .is_some_and(|it| named(&it.name));
        !found
    });
    found
}

/// Collects the titles of a playbook and of what it imports.
struct All {
    imports: Imports,
    seen: BTreeSet<String>,
    titles: Option<BTreeSet<String>>,
}

impl All {
    fn file(&mut self, path: Option<&str>, ast: &AST) {
        let mut imported = Vec::new();
        ast.walk(&mut |way| {
            let node = way.last();
            if let Some(call) = node
                .and_then(called)
                .filter(|it| matches!(it.name.as_str(), "step" | "lab"))
            {
                match (title(call), &mut self.titles) {
                    (Some(title), Some(titles)) => _ = titles.insert(title),
                    _ => self.titles = None,
                }
            }
            if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = node {
                imported.push(match &import.0 {
                    Expr::StringConstant(text, _) => Some(text.to_string()),
                    _ => None,
                });
            }
            true
        });
        for import in imported {
            let found = import.and_then(|it| self.imports.find(path, &it).ok());
            let Some(found) = found else {
                self.titles = None;
                continue;
            };
            if !self.seen.insert(found.path.clone()) {
                continue;
            }
            let playbook = Playbook {
                path: found.path.clone(),
                source: found.source,
            };
            match compile(&vocabulary(), &playbook) {
                Ok(ast) => self.file(Some(&found.path), &ast),
                Err(_) => self.titles = None,
            }
        }
    }
}

fn called<'a>(node: &ASTNode<'a>) -> Option<&'a FnCallExpr> {
    match node {
        ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _)) => Some(call),
        _ => None,
    }
}

fn title(call: &FnCallExpr) -> Option<String> {
    match call.args.first() {
        Some(Expr::StringConstant(text, _)) => Some(text.trim().to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> String {
        let playbook = Playbook {
            path: "a.rhai".into(),
            source: source.into(),
        };
        let titles =
            titles(&playbook, Path::new("/nowhere"), Path::new("/nowhere")).expect("it compiles");
        let all = titles.all.map_or("some are computed".into(), |it| {
            Vec::from_iter(it).join(", ")
        });
        format!("certain: {}\nall: {all}", titles.certain.join(", "))
    }

    #[test]
    fn what_comes_however_the_playbook_goes_is_certain() {
        insta::assert_snapshot!(read(
            r#"step("A"); print("x"); if 1 > 2 { step("B"); } fn f() { step("C"); } step("D"); f(); lab("E", || { step("F"); });"#
        ), @"
        certain: A, E
        all: A, B, C, D, E, F
        ");
    }

    #[test]
    fn a_step_that_a_lab_follows_may_have_no_heading() {
        insta::assert_snapshot!(read(
            r#"step("A"); for size in [1, 2] { lab(`With ${size}`, || 1); } step("B"); both(); step("C"); fn both() { lab("D", || 1); }"#
        ), @"
        certain: C
        all: some are computed
        ");
    }
}
