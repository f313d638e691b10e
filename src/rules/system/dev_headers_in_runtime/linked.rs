//! Names without a version of libraries, under which programs load them, in packages that are called otherwise.

/// Packages with such names, in small letters. Read from the lists of files of Debian bookworm (`apt-file`), as of November 2026, for the
/// packages of `debian-packages.toml`; the one for `MariaDB` stands for the package it depends on. Packages with more than six are left out.
const LINK_NAMES: [(&str, &[&str]); 59] = [
    ("coinor-libcbc-dev", &["libcbc.so", "libosicbc.so"]),
    ("default-libmysqlclient-dev", &["libmysqlclient.so"]),
    ("firebird-dev", &["libfbclient.so"]),
    ("freetds-dev", &["libct.so", "libsybdb.so"]),
    ("libapr1-dev", &["libapr-1.so"]),
    ("libaprutil1-dev", &["libaprutil-1.so"]),
    ("libatlas-base-dev", &["libatlas.so", "libblas.so", "libcblas.so", "libf77blas.so", "liblapack.so"]),
    ("libaugeas-dev", &["libfa.so"]),
    ("libavahi-compat-libdnssd-dev", &["libdns_sd.so"]),
    ("libbrotli-dev", &["libbrotlicommon.so", "libbrotlidec.so", "libbrotlienc.so"]),
    ("libc-ares-dev", &["libcares.so"]),
    ("libcap-dev", &["libpsx.so"]),
    ("libcap-ng-dev", &["libdrop_ambient.so"]),
    ("libcurl4-gnutls-dev", &["libcurl.so"]),
    ("libcurl4-openssl-dev", &["libcurl.so"]),
    ("libfuse-dev", &["libulockmgr.so"]),
    ("libgdk-pixbuf-2.0-dev", &["libgdk_pixbuf-2.0.so"]),
    ("libgeos-dev", &["libgeos_c.so"]),
    ("libgirepository1.0-dev", &["libgirepository-1.0.so"]),
    (
        "libglib2.0-dev",
        &["libgio-2.0.so", "libglib-2.0.so", "libgmodule-2.0.so", "libgobject-2.0.so", "libgthread-2.0.so"],
    ),
    ("libglu1-mesa-dev", &["libglu.so"]),
    ("libgoogle-glog-dev", &["libglog.so"]),
    ("libgrpc++-dev", &["libgrpcpp_channelz.so"]),
    (
        "libgstreamer1.0-dev",
        &[
            "libgstbase-1.0.so",
            "libgstcheck-1.0.so",
            "libgstcontroller-1.0.so",
            "libgstnet-1.0.so",
            "libgstreamer-1.0.so",
        ],
    ),
    ("libgtk-3-dev", &["libgdk-3.so"]),
    ("libhdf5-dev", &["libhdf5_serial.so"]),
    ("libhidapi-dev", &["libhidapi-hidraw.so", "libhidapi-libusb.so"]),
    ("libhyperscan-dev", &["libhs.so"]),
    ("libicu-dev", &["libicudata.so", "libicui18n.so", "libicuio.so", "libicutest.so", "libicutu.so", "libicuuc.so"]),
    ("libjack-jackd2-dev", &["libjack.so"]),
    ("libjpeg62-turbo-dev", &["libjpeg.so"]),
    (
        "libkrb5-dev",
        &["libgssapi_krb5.so", "libgssrpc.so", "libk5crypto.so", "libkadm5clnt.so", "libkadm5srv.so", "libkdb5.so"],
    ),
    ("libldap-dev", &["liblber.so"]),
    ("libleptonica-dev", &["liblept.so"]),
    ("libmbedtls-dev", &["libmbedcrypto.so", "libmbedx509.so"]),
    ("libmpich-dev", &["libmpl.so", "libopa.so"]),
    (
        "libmumps-dev",
        &["libcmumps.so", "libdmumps.so", "libmumps_common.so", "libpord.so", "libsmumps.so", "libzmumps.so"],
    ),
    ("libnetfilter-queue-dev", &["libnetfilter_queue.so"]),
    ("libopenjp2-7-dev", &["libopenjp2.so"]),
    ("libpam0g-dev", &["libpam.so"]),
    ("libpango1.0-dev", &["libpango-1.0.so", "libpangocairo-1.0.so", "libpangoft2-1.0.so", "libpangoxft-1.0.so"]),
    ("libpcre2-dev", &["libpcre2-16.so", "libpcre2-32.so", "libpcre2-8.so", "libpcre2-posix.so"]),
    ("libportmidi-dev", &["libporttime.so"]),
    ("libreadline-dev", &["libhistory.so"]),
    ("libscotch-dev", &["libesmumps.so"]),
    ("libsnmp-dev", &["libnetsnmp.so"]),
    ("libssh2-1-dev", &["libssh2.so"]),
    ("libssl-dev", &["libcrypto.so"]),
    ("libusb-1.0-0-dev", &["libusb-1.0.so"]),
    ("libwayland-dev", &["libwayland-client.so", "libwayland-cursor.so", "libwayland-egl.so", "libwayland-server.so"]),
    ("libx11-dev", &["libx11.so"]),
    ("libx264-dev", &["libx264.so"]),
    ("libx265-dev", &["libx265.so"]),
    ("libxslt1-dev", &["libexslt.so"]),
    ("portaudio19-dev", &["libportaudio.so"]),
    ("tk-dev", &["libtk.so"]),
    ("unixodbc-dev", &["libodbc.so"]),
    ("uuid-dev", &["libuuid.so"]),
    ("zlib1g-dev", &["libz.so"]),
];

/// The names without a version of the libraries in the development package `package`, in small letters, beside its own: `libgeos-dev` has
/// `libgeos_c.so`.
pub(super) fn link_names(package: &str) -> &'static [&'static str] {
    let found = LINK_NAMES.binary_search_by(|(name, _)| (*name).cmp(package));
    found.ok().and_then(|place| LINK_NAMES.get(place)).map(|(_, names)| *names).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_sorted() {
        assert!(LINK_NAMES.is_sorted_by_key(|(package, _)| *package));
        assert_eq!(link_names("libgeos-dev"), ["libgeos_c.so"]);
        assert!(link_names("libpq-dev").is_empty(), "its own name tells");
    }
}
