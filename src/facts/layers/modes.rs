//! What `chmod` makes of the modes that files of a repository have.

/// Modes with which Git keeps files (a script, a text) and folders: whether it is a folder, and its permissions.
const KEPT: [(bool, u32); 3] = [(false, 0o644), (false, 0o755), (true, 0o755)];

/// What a builder's steps take away from a mode that stands for nobody in particular (`+w`): the usual umask.
const UMASK: u32 = 0o022;

/// Whether `mode`, in symbols, leaves files of a repository as they are: `a+rX`, `u+rw`, `og=u-w`, `+r`.
pub(super) fn is_usual(mode: &str) -> bool {
    KEPT.iter().all(|&(is_folder, before)| changed(mode, is_folder, before) == Some(before))
}

/// The permissions after `chmod MODE`; `None` for a mode that is not symbolic or touches more than reading, writing and starting.
fn changed(mode: &str, is_folder: bool, before: u32) -> Option<u32> {
    let mut bits = before;
    for clause in mode.split(',') {
        let start = clause.find(['+', '-', '='])?;
        let (who, mut rest) = clause.split_at(start);
        let mut shifts: Vec<u32> = if who.is_empty() { vec![6, 3, 0] } else { Vec::new() };
        for who in who.chars() {
            shifts.extend_from_slice(match who {
                'u' => &[6],
                'g' => &[3],
                'o' => &[0],
                'a' => &[6, 3, 0],
                _ => return None,
            });
        }
        while let Some(operator) = rest.chars().next() {
            let behind = rest.get(1..)?;
            let end = behind.find(['+', '-', '=']).unwrap_or(behind.len());
            let (permissions, next) = behind.split_at(end);
            let mut given = 0;
            for permission in permissions.chars() {
                given |= match permission {
                    'r' => 4,
                    'w' => 2,
                    'x' => 1,
                    'X' => u32::from(is_folder || bits & 0o111 != 0),
                    'u' => bits >> 6 & 7,
                    'g' => bits >> 3 & 7,
                    'o' => bits & 7,
                    _ => return None,
                };
            }
            for shift in &shifts {
                let given = if who.is_empty() { (given << shift & !UMASK) >> shift } else { given };
                match operator {
                    '+' => bits |= given << shift,
                    '-' => bits &= !(given << shift),
                    _ => bits = (bits & !(7 << shift)) | (given << shift),
                }
            }
            rest = next;
        }
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::is_usual;

    #[test]
    fn modes_that_change_nothing_are_usual() {
        for (mode, expected) in [
            ("a+r", true),
            ("u+rwX", true),
            ("go+rX", true),
            ("og=u-w", true),
            ("u=rwX,go=rX", true),
            ("go-w", true),
            ("a+x", false),
            ("g+w", false),
            ("g=u", false),
            ("o-r", false),
            ("+r", true),
            ("+w", true),
            ("+rX", true),
            ("+x", false),
            ("-w", false),
            ("+rwx", false),
            ("755", false),
            ("u+s", false),
        ] {
            assert_eq!(is_usual(mode), expected, "{mode}");
        }
    }
}
