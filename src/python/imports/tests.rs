use super::*;

#[test]
fn imports_are_found_wherever_they_stand() {
    for (text, expected) in [
        ("\u{feff}import a.b as c, d\r\nimport e", "a.b d e"),
        ("from a.b import c as d, e", "a.b a.b.c a.b.e"),
        ("from a import (  # note\n    b as c,\n    d,\n)\nimport e", "a a.b a.d e"),
        ("from a import *", "a"),
        ("from . import y\nfrom .x import z\nfrom ... import w", ""),
        ("import a \\\n  , b\nfrom c \\\r\n import d", "a b c c.d"),
        ("try: import a\nexcept ImportError: a = None", "a"),
        ("def f():\n    import a; import b", "a b"),
        ("importlib.import_module('a.b')\nimport_module(\n  \"c\", package=p)", "a.b c"),
        ("__import__('a')\nimport_module('.b', __name__)\nimport_module('c' + d)", "a c"),
        ("raise A from b\nyield from c\nx = (yield\n  from d)", ""),
        ("'''\nimport a\n'''\n# import b\ns = \"import c\"", ""),
        ("x = f\"{d[\"import\"]}\"\nimport a", "a"),
        ("x = f'{a!r:>{w}} {{import' \nimport b", "b"),
        ("x = rb'\\'; import a\nimport c", "c"),
        ("x = foo(\nimport a\nfrom b import c", "a b b.c"),
        ("s = 'unclosed\nimport a", "a"),
        ("x = f'{' \nimport a", "a"),
        ("from a import (b,\nimport c", "a a.b c"),
        ("important = 1\nx.from_ = 2\nimport\nfrom", ""),
    ] {
        assert_eq!(Imports::scan(text).modules.join(" "), expected, "{text}");
    }
}

#[test]
fn strings_are_kept_but_documentation_is_not() {
    let text = "\"doc\"\n'two' \"parts\"\nx = ['bge-small', b'bytes', r'raw', 'two words', '123', f'{a}', 'esc\\n']\n'start' + y\ndef f():\n  'doc2'\nf('call')";
    assert_eq!(Imports::scan(text).strings, ["bge-small", "bytes", "call", "raw", "start"]);
}

#[test]
fn identifiers_leave_out_keywords_and_numbers() {
    let text = "import a as b\nif torch.cuda.is_available() and 0xFF: # comment\n    größe = 1e5";
    assert_eq!(Imports::scan(text).identifiers, ["a", "b", "cuda", "größe", "is_available", "torch"]);
}

#[test]
fn a_module_is_reached_through_what_lies_below_it() {
    let imports = Imports::scan("import google.genai.types");
    assert!(imports.reaches("google.genai") && imports.reaches("google"));
    assert!(!imports.reaches("google.gen") && !imports.reaches("google.genai.types.x"));
}

#[test]
fn long_lines_take_linear_time() {
    for piece in [
        "f\"{",
        "f'{\"",
        "'",
        "(",
        "import_module(",
        "from a ",
        "\\",
        "f'{f\"{",
        "__import__('a",
        "from .",
        "\"\"\"",
        "a.",
    ] {
        let started = std::time::Instant::now();
        let _ = Imports::scan(&piece.repeat(1_000_000 / piece.len()));
        assert!(started.elapsed().as_secs() < 5, "{piece}");
    }
}
