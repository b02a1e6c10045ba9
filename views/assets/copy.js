// SPDX-License-Identifier: AGPL-3.0-or-later
// Adds copy buttons. Without scripts the text can be selected by hand.

/** Milliseconds for which a button says that it has copied. */
const SAID_MS = 3000

for (const button of document.querySelectorAll('button[data-copy]')) {
  const source = document.getElementById(button.dataset.copy)
  const label = button.textContent
  let timer
  const status = document.createElement('span')
  status.setAttribute('role', 'status')
  status.className = 'status'
  button.after(status)
  button.hidden = false
  button.addEventListener('click', async () => {
    status.textContent = ''
    const copied = await copy(source)
    button.textContent = copied ? button.dataset.copied : label
    status.textContent = copied ? button.dataset.kept : button.dataset.selected
    if (!copied) return
    // the selected text took the focus
    button.focus()
    clearTimeout(timer)
    timer = setTimeout(() => {
      button.textContent = label
      status.textContent = ''
    }, SAID_MS)
  })
}

async function copy(source) {
  const text = source.value ?? source.textContent
  select(source)
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // plain HTTP (onion, home network) has no clipboard API: copy the selection
    return document.execCommand('copy')
  }
}

function select(source) {
  if (source.select) {
    source.focus()
    source.select()
    return
  }
  getSelection().selectAllChildren(source)
}
