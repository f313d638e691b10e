//! Lists of words in Python that begin with the pip of some environment.

use crate::facts::paths::file_name;

use super::CALL_BYTES;

/// Whether a list of words begins with the pip of some environment: `[str(venv / "bin" / "pip"), "install", …]`,
/// `[f"{venv}/bin/pip", "install", …]`, `[str(pip_path), "install", …]`.
pub(super) fn calls_a_pip(code: &str) -> bool {
    ['"', '\''].into_iter().any(|quote| {
        code.match_indices(&format!("{quote}install{quote}")).any(|(at, _)| {
            let mut from = at.saturating_sub(CALL_BYTES);
            while !code.is_char_boundary(from) {
                from += 1;
            }
            let before = code.get(from..at).unwrap_or_default().trim_end();
            let first = before.strip_suffix(',').and_then(|before| before.rsplit_once('['));
            first.is_some_and(|(_, first)| is_a_pip(first.trim()))
        })
    })
}

/// Whether an expression of Python, alone, is a path to pip: `str(pip_path)`, `venv / "bin" / "pip3.11"`.
fn is_a_pip(expression: &str) -> bool {
    let mut depth = 0_i32;
    for c in expression.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => return false,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    let is_name = |name: &str| {
        let name = name.to_lowercase();
        let plain = name.split('.').next().unwrap_or_default();
        matches!(plain, "pip" | "pip3") || ["pip_", "pip3_"].iter().any(|start| plain.starts_with(start))
    };
    let inner = expression.trim_end_matches([')', ']']).trim_end();
    if let Some(quoted) = inner.strip_suffix(['"', '\'']) {
        let text = quoted.rsplit(['"', '\'']).next().unwrap_or_default();
        return is_name(file_name(text).trim_matches(['{', '}']));
    }
    expression.split(|c: char| !c.is_alphanumeric() && c != '_').any(is_name)
}

#[cfg(test)]
mod tests {
    use super::calls_a_pip;

    #[test]
    fn the_first_word_of_a_list_is_a_pip() {
        for (text, expected) in [
            ("run([str(pip_path.resolve()), \"install\"])", true),
            ("run([f\"{pip}\", \"install\"])", true),
            ("run([os.path.join(venv, \"bin\", \"pip3.11\"), \"install\"])", true),
            ("subprocess.run([\"how pip works\", \"install\"])", false),
            ("subprocess.run(tr(labels[pip_tab], \"install\"))", false),
            ("subprocess.run([\"npm\", '--prefix', pip_dir, 'install'])", false),
            ("run([str(pip_path), \"install\", \"-r\", path])", true),
            ("run([f\"{venv}/bin/pip\", \"install\", name])", true),
            ("run([os.path.join(venv, 'bin', 'pip'), 'install', name])", true),
            ("steps = [pipeline, \"install\"]", false),
        ] {
            assert_eq!(calls_a_pip(text), expected, "{text}");
        }
    }
}
