// Pages come complete. What a script adds: an order that goes on while it is looked at, and who sent the page itself.

function noteThisPage(side: string): void {
  const banner = document.getElementById('answered');
  if (!banner) return;
  const name = document.createElement('b');
  name.className = side;
  name.textContent = side;
  banner.append(banner.hidden ? 'Answered by: this page ' : ' · this page ', name);
  banner.hidden = false;
}

/** The shop announces each step; after a break the browser asks for what it missed. */
function followOrder(place: HTMLElement): void {
  const note = document.getElementById('following');
  if (note) note.textContent = 'This page follows the order by itself.';
  const events = new EventSource(`/orders/${place.dataset.order}/events`);
  events.addEventListener('status', ({ data }: MessageEvent<string>) => {
    const { status } = JSON.parse(data) as { status: string };
    const now = place.querySelector('b');
    if (now) now.textContent = status;
    for (const step of document.querySelectorAll<HTMLElement>('[data-step]'))
      if (step.dataset.step === status) step.setAttribute('aria-current', 'step');
      else step.removeAttribute('aria-current');
  });
}

const order = document.getElementById('status');
if (order) followOrder(order);
// A script cannot see with which headers its own page came: it asks once more, for the headers alone.
const { headers } = await fetch(location.href, { method: 'HEAD' });
const side = headers.get('x-strangler-served-by');
if (side !== null) noteThisPage(side);

export {};
