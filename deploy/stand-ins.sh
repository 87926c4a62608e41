#!/usr/bin/env bash
# Makes two images that stand in for the base images of the Dockerfile where their registry cannot be reached:
# stand-in/sdk and stand-in/aspnet, from this machine's own .NET and the libraries that it loads. The second has no shell,
# as the chiseled image has none. Arguments: the command that buildah is called by, options and all.
#
#   deploy/stand-ins.sh buildah --storage-driver vfs
#   buildah --storage-driver vfs bud --isolation chroot -f deploy/Dockerfile \
#       --build-arg SDK=stand-in/sdk --build-arg RUNTIME=stand-in/aspnet -t lossservice .
set -euo pipefail
buildah=("${@:-buildah}")

dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
version_of() { dotnet --list-runtimes | sed -n "s/^$1 \([^ ]*\) .*/\1/p" | sort -V | tail -1; }
core=shared/Microsoft.NETCore.App/$(version_of Microsoft.NETCore.App)
aspnet=shared/Microsoft.AspNetCore.App/$(version_of Microsoft.AspNetCore.App)
sdk=sdk/$(dotnet --version)
# .NET opens these by name, so no program names them as needed: TLS, and where users and hosts are looked up.
opened='lib(ssl|crypto)\.so\.3$|libnss_(files|dns)\.so\.2$|libresolv\.so\.2$'

# libraries PATH…: every library that the programs and libraries below these need, as the loader would find it.
libraries() {
    {
        find "$@" -type f \( -name '*.so' -o -perm -u+x \) -exec ldd {} + 2>/dev/null | grep -oE '/[^ ]+\.so[^ ]*' || true
        ldconfig -p | sed 's/.* => //' | grep -E "$opened"
    } | sort -u | while read -r found; do [ "${found#"$dotnet"}" != "$found" ] || echo "$found"; done
}

# copy ROOT PATH…: paths of this machine into a root, links followed.
copy() {
    local root=$1 path
    shift
    for path; do
        mkdir -p "$root$(dirname "$path")"
        cp -rL --preserve=mode "$path" "$root$path"
    done
}

# furnish ROOT: folders, the users root and app, certificates.
furnish() {
    mkdir -p "$1"/{etc,proc,sys,dev,root,home/app,usr/bin} && mkdir -m 1777 "$1/tmp"
    printf 'root:x:0:0::/root:/sbin/nologin\napp:x:1654:1654::/home/app:/sbin/nologin\n' >"$1/etc/passwd"
    printf 'root:x:0:\napp:x:1654:\n' >"$1/etc/group"
    copy "$1" /etc/ssl/certs/ca-certificates.crt
    ln -s "$dotnet/dotnet" "$1/usr/bin/dotnet"
}

# image NAME FILL CONFIG…: an image from scratch whose root FILL has filled.
image() {
    local name=$1 fill=$2 container root
    shift 2
    container=$("${buildah[@]}" from scratch)
    root=$("${buildah[@]}" mount "$container")
    furnish "$root"
    "$fill" "$root"
    "${buildah[@]}" config --env PATH=/usr/bin:/bin --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt "$@" "$container"
    "${buildah[@]}" umount "$container" >/dev/null
    "${buildah[@]}" commit --quiet --rm "$container" "$name"
}

fill_aspnet() {
    copy "$1" "$dotnet/dotnet" "$dotnet/host" "$dotnet/$core" "$dotnet/$aspnet"
    copy "$1" $(libraries "$dotnet/dotnet" "$dotnet/host" "$dotnet/$core")
}

# The SDK runs its steps by a shell, and restores from where this machine does.
fill_sdk() {
    fill_aspnet "$1"
    copy "$1" "$dotnet/$sdk" "$dotnet/sdk-manifests" "$dotnet/packs" /bin/sh
    copy "$1" $(libraries /bin/sh "$dotnet/$sdk")
    local config
    dotnet nuget config paths | while read -r config; do
        case $config in "$HOME"/*) copy "$1" "$config" ;; esac
    done
}

image stand-in/aspnet fill_aspnet
image stand-in/sdk fill_sdk --env DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 --env HOME="$HOME" \
    --env NUGET_CERT_REVOCATION_MODE="${NUGET_CERT_REVOCATION_MODE:-online}"
