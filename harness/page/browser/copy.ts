// SPDX-License-Identifier: GPL-2.0-only
/** Copies the text; the button says so for a moment, and keeps its width. */
export async function copyText(text: string, button: HTMLElement | null): Promise<void> {
  const done = await copied(text);
  if (button === null) return;
  const before = button.textContent;
  button.style.minWidth = `${button.offsetWidth}px`;
  button.textContent = done ? 'Copied' : 'Not copied';
  setTimeout(() => (button.textContent = before), 1200);
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A page from a file has no clipboard in some browsers: the old way.
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    // oxlint-disable-next-line typescript/no-deprecated
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
