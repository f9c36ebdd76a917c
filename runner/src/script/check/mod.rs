//! The check of a playbook before anything starts: what is certainly wrong in it and in what it
//! imports, all of it at once.

mod arguments;
mod calls;
mod language;
mod parse;
mod twice;

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use rhai::{AST, Expr, Stmt};

use super::engine::{Playbook, vocabulary};
use super::imports::Imports;
use super::options::nearest;
use super::raise::place_of;
use crate::problem::{Blame, Problem};
use language::Language;
use parse::Prose;

/// All that is wrong with a playbook, in the order of its lines, then of its imports. `root` and
/// `folder` are where its imports are looked for.
pub fn check(playbook: &Playbook, root: &Path, folder: &Path) -> Vec<Problem> {
    let mut check = Check {
        language: Language::of(&vocabulary()),
        imports: Imports::new(root.to_path_buf(), folder.to_path_buf()),
        files: BTreeMap::new(),
        problems: Vec::new(),
    };
    let name = Path::new(&playbook.path).file_name().unwrap_or_default();
    let own = folder.strip_prefix(root).unwrap_or(folder).join(name);
    check.file(playbook, &mut vec![own.display().to_string()], Prose::Told);
    check.problems
}

/// A file that was parsed.
struct File {
    path: String,
    ast: AST,
    /// What it imports, by its own name for it; none: it can't be known.
    imports: BTreeMap<String, Option<Rc<File>>>,
}

struct Check {
    language: Language,
    imports: Imports,
    /// By path; none: it does not parse.
    files: BTreeMap<String, Option<Rc<File>>>,
    problems: Vec<Problem>,
}

impl Check {
    /// Checks a file and what it imports; none: it does not parse.
    fn file(
        &mut self,
        playbook: &Playbook,
        above: &mut Vec<String>,
        prose: Prose,
    ) -> Option<Rc<File>> {
        let (ast, mut problems) = parse::parse(playbook, prose);
        let mut imports = BTreeMap::new();
        let mut below = Vec::new();
        for (path, name, position) in ast.iter().flat_map(imported) {
            let at = place_of(&playbook.path, position);
            let found = match path
                .as_deref()
                .map(|path| self.imported(playbook, path, above))
            {
                None => None,
                Some(Ok(found)) => {
                    below.extend(found.1);
                    found.0
                }
                Some(Err(problem)) => {
                    problems.push(problem.at(at));
                    None
                }
            };
            imports.insert(name, found);
        }
        let file = ast.map(|ast| {
            Rc::new(File {
                path: playbook.path.clone(),
                ast,
                imports,
            })
        });
        if let Some(file) = &file {
            problems.extend(calls::check(file, &self.language));
            problems.extend(twice::check(file));
        }
        problems.sort_by_key(|it| it.place.as_ref().map(|at| (at.line, at.column)));
        problems.dedup();
        problems.extend(below);
        self.problems.extend(problems);
        file
    }

    /// Checks an import; its problems come after those of the file that imports it.
    fn imported(
        &mut self,
        importer: &Playbook,
        path: &str,
        above: &mut Vec<String>,
    ) -> Result<(Option<Rc<File>>, Vec<Problem>), Problem> {
        let found = self
            .imports
            .find(Some(&importer.path), path)
            .map_err(|reason| {
                let names = self.imports.names();
                let near = nearest(path, names.iter().map(String::as_str));
                let near = near.map_or(String::new(), |it| format!(", did you mean \"{it}\"?"));
                let message = format!("import \"{path}\" can't be found{near}");
                Problem::new(Blame::Playbook, message).note(reason)
            })?;
        if above.contains(&found.path) {
            let mut way = above.clone();
            way.push(found.path);
            let message = format!("import \"{path}\" goes round in a circle");
            return Err(Problem::new(Blame::Playbook, message).note(way.join(" -> ")));
        }
        if let Some(known) = self.files.get(&found.path) {
            return Ok((known.clone(), Vec::new()));
        }
        let module = Playbook {
            path: found.path.clone(),
            source: found.source,
        };
        let before = std::mem::take(&mut self.problems);
        above.push(found.path.clone());
        let file = self.file(&module, above, Prose::Silent);
        above.pop();
        let problems = std::mem::replace(&mut self.problems, before);
        self.files.insert(found.path, file.clone());
        Ok((file, problems))
    }
}

/// The imports of a file: path (if it is written out), own name, place.
fn imported(ast: &AST) -> Vec<(Option<String>, String, rhai::Position)> {
    let mut imports = Vec::new();
    ast.walk(&mut |path| {
        if let Some(rhai::ASTNode::Stmt(Stmt::Import(import, _))) = path.last() {
            let text = match &import.0 {
                Expr::StringConstant(text, _) => Some(text.to_string()),
                _ => None,
            };
            imports.push((text, import.1.name.to_string(), import.0.start_position()));
        }
        true
    });
    imports
}

#[cfg(test)]
mod tests;
