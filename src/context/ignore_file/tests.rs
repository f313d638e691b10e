use super::*;

fn excluded(patterns: &[&str], path: &str) -> bool {
    IgnoreFile::parse(&patterns.join("\n")).excluded(path)
}

/// Expected results of moby/patternmatcher's own tests (`TestMatches`, `TestMatch`), without its two rows for the path `/`.
const MOBY: &[(&str, &str, bool)] = &[
    ("**", "file", true),
    ("**", "file/", true),
    ("**/", "file", true),
    ("**/", "file/", true),
    ("**", "dir/file", true),
    ("**/", "dir/file", true),
    ("**", "dir/file/", true),
    ("**/", "dir/file/", true),
    ("**/**", "dir/file", true),
    ("**/**", "dir/file/", true),
    ("dir/**", "dir/file", true),
    ("dir/**", "dir/file/", true),
    ("dir/**", "dir/dir2/file", true),
    ("dir/**", "dir/dir2/file/", true),
    ("**/dir", "dir", true),
    ("**/dir", "dir/file", true),
    ("**/dir2/*", "dir/dir2/file", true),
    ("**/dir2/*", "dir/dir2/file/", true),
    ("**/dir2/**", "dir/dir2/dir3/file", true),
    ("**/dir2/**", "dir/dir2/dir3/file/", true),
    ("**file", "file", true),
    ("**file", "dir/file", true),
    ("**/file", "dir/file", true),
    ("**file", "dir/dir/file", true),
    ("**/file", "dir/dir/file", true),
    ("**/file*", "dir/dir/file", true),
    ("**/file*", "dir/dir/file.txt", true),
    ("**/file*txt", "dir/dir/file.txt", true),
    ("**/file*.txt", "dir/dir/file.txt", true),
    ("**/file*.txt*", "dir/dir/file.txt", true),
    ("**/**/*.txt", "dir/dir/file.txt", true),
    ("**/**/*.txt2", "dir/dir/file.txt", false),
    ("**/*.txt", "file.txt", true),
    ("**/**/*.txt", "file.txt", true),
    ("a**/*.txt", "a/file.txt", true),
    ("a**/*.txt", "a/dir/file.txt", true),
    ("a**/*.txt", "a/dir/dir/file.txt", true),
    ("a/*.txt", "a/dir/file.txt", false),
    ("a/*.txt", "a/file.txt", true),
    ("a/*.txt**", "a/file.txt", true),
    ("a[b-d]e", "ae", false),
    ("a[b-d]e", "ace", true),
    ("a[b-d]e", "aae", false),
    ("a[^b-d]e", "aze", true),
    (".*", ".foo", true),
    (".*", "foo", false),
    ("abc.def", "abcdef", false),
    ("abc.def", "abc.def", true),
    ("abc.def", "abcZdef", false),
    ("abc?def", "abcZdef", true),
    ("abc?def", "abcdef", false),
    (r"a\\", r"a\", true),
    (r"a\*b", "a*b", true),
    ("**/foo/bar", "foo/bar", true),
    ("**/foo/bar", "dir/foo/bar", true),
    ("**/foo/bar", "dir/dir2/foo/bar", true),
    ("abc/**", "abc", false),
    ("abc/**", "abc/def", true),
    ("abc/**", "abc/def/ghi", true),
    ("**/.foo", ".foo", true),
    ("**/.foo", "bar.foo", false),
    ("a(b)c/def", "a(b)c/def", true),
    ("a(b)c/def", "a(b)c/xyz", false),
    ("a.|)$(}+{bc", "a.|)$(}+{bc", true),
    (
        "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl",
        "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl",
        true,
    ),
    ("dist/*.whl", "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", true),
    ("abc", "abc", true),
    ("*", "abc", true),
    ("*c", "abc", true),
    ("a*", "a", true),
    ("a*", "abc", true),
    ("a*", "ab/c", true),
    ("a*/b", "abc/b", true),
    ("a*/b", "a/c/b", false),
    ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
    ("a*b*c*d*e*/f", "axbxcxdxexxx/f", true),
    ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false),
    ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", false),
    ("a*b?c*x", "abxbbxdbxebxczzx", true),
    ("a*b?c*x", "abxbbxdbxebxczzy", false),
    ("ab[c]", "abc", true),
    ("ab[b-d]", "abc", true),
    ("ab[e-g]", "abc", false),
    ("ab[^c]", "abc", false),
    ("ab[^b-d]", "abc", false),
    ("ab[^e-g]", "abc", true),
    (r"a\*b", "ab", false),
    ("a?b", "a☺b", true),
    ("a[^a]b", "a☺b", true),
    ("a???b", "a☺b", false),
    ("a[^a][^a][^a]b", "a☺b", false),
    ("[a-ζ]*", "α", true),
    ("*[a-ζ]", "A", false),
    ("a?b", "a/b", false),
    ("a*b", "a/b", false),
    (r"[\]a]", "]", true),
    (r"[\-]", "-", true),
    (r"[x\-]", "x", true),
    (r"[x\-]", "-", true),
    (r"[x\-]", "z", false),
    (r"[\-x]", "x", true),
    (r"[\-x]", "-", true),
    (r"[\-x]", "a", false),
    ("*x", "xxx", true),
];

/// What moby refuses.
const MALFORMED: &[&str] = &[
    "[]a]",
    "[-]",
    "[x-]",
    "[-x]",
    r"\",
    "[a-b-c]",
    "[",
    "[^",
    "[^bc",
    "a[",
    "[Local-Only]/",
    "!",
    "! ",
    "!/",
    "a/[",
    "!a[",
];

#[test]
fn one_pattern_matches_as_moby_says() {
    for &(pattern, path, expected) in MOBY {
        assert_eq!(excluded(&[pattern], path), expected, "{pattern} on {path}");
    }
}

#[test]
fn the_last_pattern_that_matches_decides() {
    let wheel = "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl";
    let table: &[(&[&str], &str, bool)] = &[
        // moby's own.
        (&["**", "!util/docker/web"], "util/docker/web/foo", false),
        (&["**", "!util/docker/web", "util/docker/web/foo"], "util/docker/web/foo", true),
        (&["**", &format!("!{wheel}")], wheel, false),
        (&["**", "!dist/*.whl"], wheel, false),
        (&["!fileutils.go", "*.go"], "fileutils.go", true),
        (&["*.go", "!fileutils.go"], "fileutils.go", false),
        (&["docs", "!docs/README.md"], "docs/README.md", false),
        (&["docs/", "!docs/README.md"], "docs/README.md", false),
        (&["docs/*", "!docs/README.md"], "docs/README.md", false),
        (&[], "any/path/there", false),
        // What a walk that hands down the folders' results makes of a `!` that came too early.
        (&["a/b", "!a"], "a/b", true),
        (&["*", "!src", "**/__pycache__"], "src/a/__pycache__/m.pyc", true),
        (&["*", "!src", "**/__pycache__"], "src/a/m.py", false),
        (&["*", "!src/*.py"], "src/a.txt", true),
        (&["*", "!src/*.py"], "src/a.py", false),
    ];
    for (patterns, path, expected) in table {
        assert_eq!(excluded(patterns, path), *expected, "{patterns:?} on {path}");
    }
}

#[test]
fn patterns_are_not_those_of_gitignore() {
    for (pattern, path, expected) in [
        ("foo", "a/foo", false),
        ("*.log", "x/y.log", false),
        ("**/*.log", "x/y.log", true),
        ("./foo", "foo", true),
        ("/foo", "foo", true),
        ("foo/../bar", "bar", true),
        ("foo/../bar", "foo", false),
        ("foo//bar/", "foo/bar/x", true),
        ("foo/", "foo", true),
        (".", "foo", false),
        ("/", "foo", false),
        ("../foo", "foo", false),
        ("**/dir", "a/dirx", false),
        ("**dir", "a/xdir", true),
        ("**dir*", "xdir", false),
        (" # note", "# note", true),
        ("[!a]", "!", true),
        ("a[^b]c", "a/c", true),
        ("^a*", "ab", true),
        (r"node_modules\bin", "node_modulesbin", false),
        ("*", ".", false),
        ("*", "", false),
        ("Foo", "foo", false),
    ] {
        assert_eq!(excluded(&[pattern], path), expected, "{pattern} on {path}");
    }
}

#[test]
fn malformed_patterns_match_nothing_and_are_reported() {
    for pattern in MALFORMED {
        let file = IgnoreFile::parse(pattern);
        assert_eq!((file.patterns.len(), file.errors.len()), (0, 1), "{pattern}");
    }
    let endless = format!("{}\nb", "*a".repeat(5000));
    assert_eq!(IgnoreFile::parse(&endless).errors.len(), 1);
}

#[test]
fn lines_are_read_as_moby_reads_them() {
    let text =
        "\u{feff}test1\r\n/test2\n/a/file/here\n\n  lastfile \n# this is a comment\n! /inverted/abs/path\n!\n! \n";
    let file = IgnoreFile::parse(text);
    let read: Vec<_> = file.patterns.iter().map(|p| (p.exclusion, p.text.as_str(), p.range.slice(text))).collect();
    let expected = [
        (false, "test1", "test1"),
        (false, "test2", "/test2"),
        (false, "a/file/here", "/a/file/here"),
        (false, "lastfile", "lastfile"),
        (true, "inverted/abs/path", "! /inverted/abs/path"),
    ];
    assert_eq!(read, expected);
    assert_eq!(file.errors.iter().map(|(range, _)| range.slice(text)).collect::<Vec<_>>(), ["!", "!"]);
}

#[test]
fn a_folder_is_pruned_only_when_nothing_below_can_come_back() {
    let table: &[(&[&str], &str, bool)] = &[
        (&["docs"], "docs", true),
        (&["docs"], "docs/sub", true),
        (&["docs"], "src", false),
        (&["docs/*"], "docs", false),
        (&["docs", "!docs/README.md"], "docs", false),
        (&["docs", "!docs/README.md"], "docs/sub", true),
        (&["!docs/README.md", "docs"], "docs", true),
        (&["*", "!src/*/main.py"], "src", false),
        (&["*", "!src/*/main.py"], "src/a", false),
        (&["*", "!src/*/main.py"], "src/a/b", true),
        (&["*", "!src/*/main.py"], "lib", true),
        (&["node_modules", "!**/*.md"], "node_modules", false),
        (&["node_modules", "!**/README.md"], "node_modules", false),
        (&["a", "!a/b/**"], "a", false),
        (&["a", "!a/b/**"], "a/c", true),
        (&["**", "!src"], "src", false),
        (&["**", "!src"], "lib", true),
        (&["*"], ".", false),
    ];
    for (patterns, directory, expected) in table {
        let file = IgnoreFile::parse(&patterns.join("\n"));
        assert_eq!(file.prunes(directory), *expected, "{patterns:?} on {directory}");
    }
}

/// Every path over a small alphabet, for lists of one to three patterns: pruning never hides a file that is left in.
#[test]
fn pruning_agrees_with_the_patterns() {
    let names = ["a", "b", "a.b"];
    let two: Vec<String> = names.iter().flat_map(|x| names.iter().map(move |y| format!("{x}/{y}"))).collect();
    let three: Vec<String> = two.iter().flat_map(|x| names.iter().map(move |y| format!("{x}/{y}"))).collect();
    let pieces =
        ["a", "!a", "*", "!a/*", "**/b", "!**/a", "a/b", "!a/b/a", "a**", "!*/b", "?", "!a.b/[ab]", "!**/*.b", "a/**"];
    for first in pieces {
        for second in pieces {
            for third in pieces {
                let file = IgnoreFile::parse(&[first, second, third].join("\n"));
                for path in &three {
                    let hidden = path.match_indices('/').any(|(at, _)| file.prunes(path.get(..at).unwrap_or_default()));
                    assert!(!hidden || file.excluded(path), "{first} {second} {third} on {path}");
                }
            }
        }
    }
}

#[test]
fn matching_stays_linear_on_hostile_patterns() {
    let pattern = format!("{}x", "*a".repeat(1000));
    assert!(!excluded(&[&pattern], &"a".repeat(200)));
    let pattern = format!("{}x*y", "**/a".repeat(300));
    assert!(!excluded(&[&pattern], &"a/".repeat(100)));
}
