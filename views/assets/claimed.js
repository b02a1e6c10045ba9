// Tells a waiting page that its invite was used. Without it the page says so when it is opened again.

const SECOND = 1000
const waiting = document.getElementById('claimed')
/** Milliseconds between looks while somebody is probably in their app right now, later, and until nobody is. */
const SOON = 3 * SECOND
const LATER = 20 * SECOND
const patience = { soon: Date.now() + 300 * SECOND, end: Date.now() + 3600 * SECOND }

async function look() {
  if (document.visibilityState === 'visible') {
    try {
      const reply = await fetch(waiting.dataset.state, { cache: 'no-store' })
      if (reply.status === 404) return
      if (reply.ok && told(await reply.json())) return
    } catch {
      // no network for a moment
    }
  }
  if (Date.now() < patience.end) setTimeout(look, Date.now() < patience.soon ? SOON : LATER)
}

/** Shows what became of the invite; true if nothing more can. */
function told({ state, used }) {
  if (used > Number(waiting.dataset.used)) waiting.hidden = false
  if (state === 'live') return false
  if (state !== 'used up') {
    location.replace(waiting.dataset.page)
    return true
  }
  waiting.hidden = false
  document.getElementById('unclaimed').hidden = true
  return true
}

setTimeout(look, SOON)
