import type { BrowserContext } from "@playwright/test";
import { card, countAppearances, expectUnread, live, toasts } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

/** What a browser says by itself of a WebSocket that is refused. */
const REFUSED = /WebSocket connection .* failed/;
const SLOWER = "Connected over a slower way.";

declare global {
  interface Window {
    socketsPass?: boolean;
  }
}

/** As in a network that passes requests on, and no WebSocket: until the page says that it does. */
async function blockSockets(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    window.WebSocket = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(window.socketsPass ? url : `${url}-does-not-pass`, protocols);
      }
    };
  });
}

test("where no WebSocket gets through, a like becomes a toast all the same", async ({ member }) => {
  const [ana, ben, cem] = [await member("Ana"), await member("Ben"), await member("Cem")];
  const id = await ana.api.post(`Behind a proxy, ${ana.handle}`);
  ana.watch.expect(REFUSED);
  await blockSockets(ana.context);
  const page = await ana.open();
  await expect(page.getByTestId("connection")).toHaveText(new RegExp(SLOWER));
  await expect(page.getByTestId("announcer")).toContainText(SLOWER);

  const appeared = await countAppearances(page, "[data-testid=toast]");
  await ben.api.like(id);
  await expect(toasts(page)).toHaveText(/Ben likes your post/);
  await expectUnread(page, 1);
  // The page listens to the posts on screen, which it said on the stream.
  await expect(page.locator(`[data-post-id="${id}"]`).getByTestId("likes")).toHaveText("1");
  // And the server knows that the toast was painted.
  await expect.poll(async () => (await ana.api.ledger()).shown).toBe(1);
  await ben.api.unlike(id);
  await expect(toasts(page)).toHaveCount(0);
  await expectUnread(page, 0);
  expect(await appeared()).toBe(1);

  // After a reload the same begins anew.
  const other = await ben.api.post(`From Ben, ${ben.handle}`);
  await page.goto(`/posts/${other}`);
  await live(page);
  await cem.api.like(other);
  await expect(card(page, "From Ben").getByTestId("likes")).toHaveText("1");
});

test("what came while the slower way was broken arrives once", async ({ house, lay, member }) => {
  const cable = await lay(house.quad.url);
  const [ana, ben] = [await member("Ana", { at: cable.url }), await member("Ben")];
  const id = await ana.api.post(`Broken off, ${ana.handle}`);
  ana.watch.expect(REFUSED, /ERR_(CONNECTION|EMPTY_RESPONSE|SOCKET|INCOMPLETE_CHUNKED)/);
  await blockSockets(ana.context);
  const page = await ana.open();
  const appeared = await countAppearances(page, "[data-testid=toast]");
  cable.cut();
  await expect(page.locator("html")).toHaveAttribute("data-live", "connecting");
  await ben.api.like(id);
  cable.mend();
  await live(page);
  await expect(toasts(page)).toHaveText(/Ben likes your post/);
  await expectUnread(page, 1);
  expect(await appeared()).toBe(1);
});

test("once a WebSocket gets through again, the page takes it", async ({ member }) => {
  const [ana, ben] = [await member("Ana"), await member("Ben")];
  const id = await ana.api.post(`On the move, ${ana.handle}`);
  ana.watch.expect(REFUSED);
  await blockSockets(ana.context);
  const page = await ana.context.newPage();
  await page.clock.install();
  await page.goto("/");
  await expect(page.getByTestId("connection")).toHaveText(new RegExp(SLOWER));
  await page.evaluate(() => (window.socketsPass = true));
  await page.clock.fastForward(301_000);
  await expect(page.getByTestId("connection")).toHaveCount(0);
  await live(page);
  await ben.api.like(id);
  await expect(toasts(page)).toHaveText(/Ben likes your post/);
});
