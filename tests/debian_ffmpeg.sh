#!/bin/sh
# Unpack the ffmpeg of this machine's Debian, with every library that it needs, into a folder of its own.
# Nothing is installed and no root is needed: apt reads the machine's sources and keys, and writes into the folder.
# Usage: debian_ffmpeg.sh FOLDER; the program is then FOLDER/ffmpeg.
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd)
for program in apt-get dpkg-deb; do
    command -v "$program" >/dev/null || { echo "$program is missing: this needs Debian or one of its derivatives" >&2; exit 1; }
done

state=$folder/apt
rm -rf "$state" "$folder/root" "$folder/ffmpeg"
mkdir -p "$state/lists/partial" "$state/archives/partial" "$folder/root"
: >"$state/status" # no package counts as installed: even the C library is downloaded
apt() {
    apt-get -qq -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::Cache="$state" \
        -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" -o APT::Install-Recommends=0 "$@"
}
apt update
apt --yes --download-only install ffmpeg
for package in "$state"/archives/*.deb; do
    dpkg-deb --extract "$package" "$folder/root"
done
rm -rf "$state"

loader=$(find "$folder/root" -name 'ld-linux*.so.*' ! -type l | head -n 1)
libraries=$(find "$folder/root/lib" "$folder/root/usr/lib" -name '*.so*' -exec dirname {} + | sort -u | paste -sd :)
cat >"$folder/ffmpeg.partial" <<END
#!/bin/sh
exec "$loader" --library-path "$libraries" "$folder/root/usr/bin/ffmpeg" "\$@"
END
chmod +x "$folder/ffmpeg.partial"
mv "$folder/ffmpeg.partial" "$folder/ffmpeg"
"$folder/ffmpeg" -version | head -n 1
