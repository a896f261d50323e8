import { card, post } from "./fixtures/page";
import { expect, test } from "./fixtures/test";

test("the feed says that there are new posts, and shows them when asked to", async ({ house, member }) => {
  const second = await house.second();
  const [ana, ben] = [await member("Ana"), await member("Ben", { at: second.url })];
  const page = await ana.open();
  const news = page.getByRole("button", { name: /new posts?$/ });
  // Somebody else on the same servers may post, too: only these are looked for.
  await ben.api.post(`First, ${ben.handle}`);
  await expect(news).toBeVisible();
  await expect(card(page, `First, ${ben.handle}`)).toHaveCount(0);
  await post(page, `My own, ${ana.handle}`);
  await ben.api.post(`Second, ${ben.handle}`);
  await expect(news).toHaveText(/^([2-9]|\d\d) new posts$/);
  await news.click();
  for (const text of [`First, ${ben.handle}`, `Second, ${ben.handle}`]) await expect(card(page, text)).toHaveCount(1);
  await expect(card(page, `My own, ${ana.handle}`)).toHaveCount(1);
  await expect(news).toHaveCount(0);
});
