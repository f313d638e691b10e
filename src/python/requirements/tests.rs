use super::*;

/// One line per entry: kind, value, the source text of its range, parents.
fn show(text: &str) -> Vec<String> {
    let file = RequirementsFile::parse(text);
    let at = |range: &TextRange| range.slice(text).to_owned();
    let mut lines: Vec<String> = file
        .entries
        .iter()
        .map(|entry| {
            let kind = match &entry.kind {
                EntryKind::Requirement(found) => {
                    assert_eq!(crate::python::PackageName::new(&at(&found.name_range)), found.name, "{text}");
                    format!("{} {}", found.name, found.url.as_ref().unwrap_or(&found.specifier))
                }
                EntryKind::Editable(value, range) => format!("editable {value}={}", at(range)),
                EntryKind::Include(value, range) => format!("include {value}={}", at(range)),
                EntryKind::Constraint(value, range) => format!("constraint {value}={}", at(range)),
                EntryKind::Path(value, range) => format!("path {value}={}", at(range)),
                EntryKind::Index(name, value, range) => format!("{name} {value}={}", at(range)),
                EntryKind::Option(value) => format!("option {value}"),
            };
            format!("{kind}|{}|{}", at(&entry.range), entry.via.join(","))
        })
        .collect();
    lines.extend(file.errors.iter().map(|(range, _)| format!("error {}", at(range))));
    lines
}

#[test]
fn every_kind_of_line_is_read_with_its_range() {
    for (text, expected) in [
        ("\u{feff}torch==2.2 # cpu\r\n", "torch ==2.2|torch==2.2|"),
        ("torch\rnumpy", "torch |torch|;numpy |numpy|"),
        ("  torch == 2.2 --hash=sha256:1 --hash sha256:2", "torch ==2.2|torch == 2.2 --hash=sha256:1 --hash sha256:2|"),
        ("-rbase.txt", "include base.txt=base.txt|-rbase.txt|"),
        ("-r base.txt", "include base.txt=base.txt|-r base.txt|"),
        ("--requirement=base.txt", "include base.txt=base.txt|--requirement=base.txt|"),
        ("--constr 'a b.txt' # x", "constraint a b.txt=a b.txt|--constr 'a b.txt'|"),
        ("-e ./lib[gpu] ; os_name == 'nt'", "editable ./lib[gpu]=./lib[gpu]|-e ./lib[gpu] ; os_name == 'nt'|"),
        (
            "-e git+https://example.invalid/a.git#egg=a",
            "editable git+https://example.invalid/a.git#egg=a=git+https://example.invalid/a.git#egg=a|-e git+https://example.invalid/a.git#egg=a|",
        ),
        ("./lib[gpu]", "path ./lib[gpu]=./lib[gpu]|./lib[gpu]|"),
        ("file:../lib; os_name == 'nt'", "path file:../lib=file:../lib|file:../lib; os_name == 'nt'|"),
        (
            "git+https://${T}@example.invalid/a.git",
            "path git+https://${T}@example.invalid/a.git=git+https://${T}@example.invalid/a.git|git+https://${T}@example.invalid/a.git|",
        ),
        (
            "git+https://example.invalid/a.git#egg=b",
            "b git+https://example.invalid/a.git#egg=b|git+https://example.invalid/a.git#egg=b|",
        ),
        (
            "--index-url https://example.invalid/simple --extra-index-url=https://download.pytorch.org/whl/cpu",
            "index-url https://example.invalid/simple=https://example.invalid/simple|--index-url https://example.invalid/simple|;\
             extra-index-url https://download.pytorch.org/whl/cpu=https://download.pytorch.org/whl/cpu|--extra-index-url=https://download.pytorch.org/whl/cpu|",
        ),
        ("--pre\n--only-binary :all:", "option --pre|--pre|;option --only-binary :all:|--only-binary :all:|"),
        ("--user", "option --user|--user|;error --user"),
        ("a = 1\nb", "b |b|;error a = 1"),
        ("# a\n\n   # b\n", ""),
        ("a#b", "error a#b"),
    ] {
        assert_eq!(show(text).join(";"), expected, "{text}");
    }
}

#[test]
fn continuations_join_lines_as_pip_does() {
    assert_eq!(show("torch \\\n  ==2.2\nnumpy"), ["torch ==2.2|torch \\\n  ==2.2|", "numpy |numpy|"]);
    assert_eq!(show("torch \\\n# note \\\nnumpy"), ["torch |torch|", "numpy |numpy|"]);
    assert_eq!(show("torch # note \\\nnumpy\nx"), ["torch |torch|", "x |x|"]);
    assert_eq!(show("torch \\"), ["torch |torch|"]);
}

#[test]
fn parents_are_read_in_both_forms() {
    let text = "a==1 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\n    # via\n    #   -r requirements.in\n    #   b\nb==2\n    # via c\n\
                c==3  # via d, e\n# via is not here\nd==4\n    # note\n    #   x\n";
    let via: Vec<Vec<String>> = RequirementsFile::parse(text).entries.into_iter().map(|entry| entry.via).collect();
    assert_eq!(via, [vec!["-r requirements.in", "b"], vec!["c"], vec!["d", "e", "is not here"], vec![]]);
}
