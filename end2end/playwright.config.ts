import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: ".",
  testMatch: "**/*.spec.ts",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  // A test that passes only sometimes is a bug, in the test or in Quad. A build server that was busy elsewhere gives it
  // one more try, and reports it as flaky.
  retries: process.env.CI ? 1 : 0,
  // Generous, because a machine that compiles beside the tests is slow; a test that passes does not wait.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  forbidOnly: !!process.env.CI,
  reporter: [["list"]],
  use: {
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: {
      // Unset, Playwright takes the browser that it downloaded: scripts/env.sh, scripts/setup.sh.
      executablePath: process.env.CHROMIUM_PATH || undefined,
      args: [
        // Chromium's sandbox cannot start as root, which is who runs in most containers.
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    },
  },
});
