//! Which wheel of a release an installer takes (PEP 425, PEP 600, PEP 656).

use super::{Libc, Platform};

/// The Python that is assumed where the image does not tell: one that most wheels are made for.
const ASSUMED_PYTHON: (u32, u32) = (3, 12);

/// The name ends of the wheel `name`: distribution, version, build, then Python, ABI and platform tags.
struct Tags<'n> {
    build: u32,
    python: &'n str,
    abi: &'n str,
    platform: &'n str,
}

impl<'n> Tags<'n> {
    fn of(name: &'n str) -> Option<Self> {
        let mut parts = name.strip_suffix(".whl")?.rsplit('-');
        let (platform, abi, python) = (parts.next()?, parts.next()?, parts.next()?);
        let before = parts.next();
        let digits = |build: &str| {
            let end = build.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(build.len());
            build.get(..end).and_then(|digits| digits.parse().ok()).unwrap_or_default()
        };
        // Distribution and version stand before it.
        let build = before.filter(|_| parts.count() >= 2).map(digits).unwrap_or_default();
        Some(Self { build, python, abi, platform })
    }
}

/// The place of the wheel among `names` that fits `platform` best; `None` when none does, so that a source distribution is built.
pub(super) fn best<'n>(names: impl Iterator<Item = &'n str>, platform: &Platform) -> Option<usize> {
    let ranked = names.enumerate().filter_map(|(place, name)| {
        let tags = Tags::of(name)?;
        Some((rank(&tags, platform)?, place))
    });
    ranked.max_by_key(|&(rank, place)| (rank, std::cmp::Reverse(place))).map(|(_, place)| place)
}

/// How well a wheel fits: interpreter and ABI first, then the platform, then the build number.
fn rank(tags: &Tags<'_>, platform: &Platform) -> Option<(u32, u32, u32)> {
    let pairs = tags.python.split('.').flat_map(|python| tags.abi.split('.').map(move |abi| (python, abi)));
    let interpreter = pairs.filter_map(|(python, abi)| interpreter_rank(python, abi, platform)).max()?;
    let machine = tags.platform.split('.').filter_map(|tag| platform_rank(tag, platform)).max()?;
    // A wheel for any machine counts below all that are for this one, whatever its Python.
    let interpreter = if machine == 0 { interpreter.min(100) } else { interpreter };
    Some((interpreter, machine, tags.build))
}

fn interpreter_rank(python: &str, abi: &str, platform: &Platform) -> Option<u32> {
    let (major, minor) = platform.python.unwrap_or(ASSUMED_PYTHON);
    let numbers = |prefix: &str| {
        let digits = python.strip_prefix(prefix)?;
        let (first, rest) = digits.split_at_checked(1)?;
        let rest = if rest.is_empty() { None } else { Some(rest.parse::<u32>().ok()?) };
        Some((first.parse::<u32>().ok()?, rest))
    };
    if let Some((wanted, of)) = numbers("cp") {
        let of = of.unwrap_or_default();
        let own = wanted == major && of == minor;
        // `cp311-cp311m` is the ABI of Pythons before 3.8.
        let own_abi = abi.strip_suffix('m').unwrap_or(abi) == python;
        return match abi {
            _ if own && own_abi => Some(10_000),
            "abi3" if wanted == major && of <= minor => Some(5_000 + of),
            "none" if own => Some(4_000),
            _ => None,
        };
    }
    let (wanted, of) = numbers("py")?;
    (abi == "none" && wanted == major && of.is_none_or(|of| of <= minor)).then_some(1_000 + of.unwrap_or_default())
}

/// 0 for a wheel that any machine can use.
fn platform_rank(tag: &str, platform: &Platform) -> Option<u32> {
    if tag == "any" {
        return Some(0);
    }
    let system = tag.strip_suffix(platform.machine.as_str())?.strip_suffix('_')?;
    let minor = |prefix: &str| system.strip_prefix(prefix)?.parse::<u32>().ok();
    match platform.libc {
        _ if system == "linux" => Some(1),
        Libc::Glibc(glibc) => {
            let needs = match system {
                "manylinux1" => Some(5),
                "manylinux2010" => Some(12),
                "manylinux2014" => Some(17),
                _ => minor("manylinux_2_"),
            };
            needs.filter(|&needs| needs <= glibc).map(|needs| needs + 2)
        }
        Libc::Musl(musl) => minor("musllinux_1_").filter(|&needs| needs <= musl).map(|needs| needs + 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMPY: [&str; 8] = [
        "numpy-2.3.4-cp312-cp312-macosx_14_0_arm64.whl",
        "numpy-2.3.4-cp312-cp312-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
        "numpy-2.3.4-cp312-cp312-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl",
        "numpy-2.3.4-cp312-cp312-musllinux_1_2_x86_64.whl",
        "numpy-2.3.4-cp313-cp313t-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
        "numpy-2.3.4-cp312-cp312-win_amd64.whl",
        "numpy-2.3.4-pp311-pypy311_pp73-manylinux_2_27_x86_64.whl",
        "numpy-2.3.4.tar.gz",
    ];

    fn take(names: &[&'static str], python: (u32, u32), machine: &str, libc: Libc) -> Option<&'static str> {
        let platform = Platform { machine: machine.to_owned(), python: Some(python), patch: None, libc };
        best(names.iter().copied(), &platform).and_then(|place| names.get(place).copied())
    }

    #[test]
    fn the_machine_the_c_library_and_the_interpreter_decide() {
        let glibc = Libc::Glibc(36);
        assert_eq!(take(&NUMPY, (3, 12), "x86_64", glibc), Some(NUMPY[1]));
        assert_eq!(take(&NUMPY, (3, 12), "aarch64", glibc), Some(NUMPY[2]));
        assert_eq!(take(&NUMPY, (3, 12), "x86_64", Libc::Musl(2)), Some(NUMPY[3]));
        assert_eq!(take(&NUMPY, (3, 12), "x86_64", Libc::Glibc(17)), None);
        assert_eq!(take(&NUMPY, (3, 13), "x86_64", glibc), None, "the one for free threads does not fit");
        assert_eq!(take(&NUMPY, (3, 12), "armv7l", glibc), None);
    }

    #[test]
    fn the_stable_abi_and_pure_wheels_fit_later_pythons() {
        let names = [
            "a-1-py2.py3-none-any.whl",
            "a-1-cp37-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "a-1-cp39-abi3-manylinux_2_28_x86_64.whl",
            "a-1-cp313-abi3-manylinux_2_28_x86_64.whl",
            "a-1-py3-none-manylinux2014_x86_64.whl",
        ];
        assert_eq!(take(&names, (3, 11), "x86_64", Libc::Glibc(36)), Some(names[2]));
        assert_eq!(take(&names, (3, 11), "x86_64", Libc::Glibc(17)), Some(names[1]));
        assert_eq!(take(&names, (3, 11), "x86_64", Libc::Musl(2)), Some(names[0]));
        assert_eq!(take(&names[4..], (3, 11), "x86_64", Libc::Glibc(36)), Some(names[4]));
        let builds = [
            "a-1-1-py3-none-any.whl",
            "a-1-2-py3-none-any.whl",
            "a-1-py3-none-any.whl",
            "a.whl",
            "a-1-py4-none-any.whl",
        ];
        assert_eq!(take(&builds, (3, 11), "x86_64", Libc::Glibc(36)), Some(builds[1]));
        assert_eq!(take(&builds[3..], (3, 11), "x86_64", Libc::Glibc(36)), None);
    }
}
