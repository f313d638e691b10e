use super::*;

fn show(text: &str) -> Vec<String> {
    let lock = Lock::parse(text);
    let shown =
        |p: &LockedPackage| format!("{} {} {} {}", p.line, p.name, p.version, p.source.as_deref().unwrap_or("-"));
    lock.packages.iter().map(shown).collect()
}

#[test]
fn uv_lock_is_read_past_its_arrays() {
    let text = "version = 1\r\n\r\n[[package]]\r\nname = \"demo-app\"\r\nsource = { virtual = \".\" }\r\ndependencies = [\r\n    { name = \"x\" },\r\n\
        name = \"no\"\r\n]\r\n\r\n[package.optional-dependencies]\r\nname = [\r\n    { name = \"y\" },\r\n]\r\n\r\n[[package]]\r\nname = \"Torch\"\r\n\
        version = \"2.9.1+cpu\"\r\nsource = { registry = \"https://download.pytorch.org/whl/cpu\" }\r\n";
    assert_eq!(show(text), ["4 demo-app  .", "17 torch 2.9.1+cpu https://download.pytorch.org/whl/cpu"]);
}

#[test]
fn poetry_pdm_and_pylock_are_read() {
    let poetry = "[[package]]\nname = \"torch\"\nversion = \"2.9.1\"\ndescription = \"\"\"\nname = \"no\"\n\"\"\"\nfiles = [\n    {file = \"a\"},\n]\n\n\
        [package.dependencies]\nname = \"no\"\n\n[package.source]\ntype = \"legacy\"\nurl = \"https://example.invalid/simple\"\nreference = \"cpu\"\n\n[metadata]\nname = \"no\"\n";
    assert_eq!(show(poetry), ["2 torch 2.9.1 https://example.invalid/simple"]);
    let pdm = "[[package]]\nname = \"a\"\nversion = \"1\"\ngit = \"https://example.invalid/a.git\"\n\n[[package]]\nname = \"b\"\nversion = \"1\"\n";
    assert_eq!(show(pdm), ["2 a 1 https://example.invalid/a.git", "7 b 1 -"]);
    let pylock = "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\nindex = \"https://example.invalid/simple\"\n\
        wheels = [{ url = \"x\" }]\n[[packages]]\nname = 'b'\nvcs = { type = \"git\", url = \"u\" }\n[[packages]]\nname = \"c\"\n[packages.directory]\npath = \".\"\n";
    assert_eq!(show(pylock), ["3 a 1 https://example.invalid/simple", "8 b  u", "11 c  ."]);
}
