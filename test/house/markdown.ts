// SPDX-License-Identifier: AGPL-3.0-or-later
// The headings, links and named files of a Markdown document. No disk, so that it can be tested.

/** The document without its code blocks, in which `#` and `[x](y)` are not Markdown. */
function withoutCode(text: string): string {
  return text.replace(/^ *```[\s\S]*?^ *```$/gm, '')
}

/** The anchors of a document's headings, spelled as GitHub spells them. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutCode(text).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = plain.replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-')
    let anchor = slug
    for (let again = 1; anchors.has(anchor); again += 1) anchor = `${slug}-${again}`
    anchors.add(anchor)
  }
  return anchors
}

/** Targets of a document's relative links and images: a path, an anchor, or both. */
export function linksOf(text: string): Array<{ path: string; anchor: string | null }> {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target))
    .map((target) => {
      const [path = '', anchor = null] = target.split('#')
      return { path, anchor }
    })
}

/** Files and directories of the project that a document names in code; names with a placeholder are left out. */
export function filesNamedIn(text: string): string[] {
  const named = withoutCode(text).matchAll(
    /`((?:src|test|docs|scripts|systemd|views|bench|types|tor)\/[\w./-]+)`/g,
  )
  return [...named].map(([, path = '']) => path).filter((path) => !/[A-Z]{2,}/.test(path))
}
