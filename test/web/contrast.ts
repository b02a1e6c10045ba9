// SPDX-License-Identifier: AGPL-3.0-or-later
// Computes the contrast of every text in a page, inside the page.

/** A script that returns texts whose contrast is below AA: 4.5 to 1, or 3 to 1 for large text. Backgrounds must be opaque. */
export const contrastProblems = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number)
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const background = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = channels(getComputedStyle(e).backgroundColor)
      if (color.length === 3 || color[3] === 1) return color
    }
    return [255, 255, 255]
  }
  const problems = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    if (!walker.currentNode.data.trim() || element.offsetParent === null) continue
    const style = getComputedStyle(element)
    const lights = [luminance(channels(style.color)), luminance(background(element))].sort((a, b) => b - a)
    const ratio = (lights[0] + 0.05) / (lights[1] + 0.05)
    const size = parseFloat(style.fontSize)
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
    if (ratio < (large ? 3 : 4.5)) problems.push(walker.currentNode.data.trim().slice(0, 40) + ' ' + ratio.toFixed(2))
  }
  return problems
})()`
