import { expect, it } from "vitest";
import { browser } from "./sessions";

it("names browsers as people do", () => {
  expect(browser("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36")).toBe("Chrome 131, Linux");
  expect(browser("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15")).toBe("Safari 18, Mac OS X");
  expect(browser("curl/8")).toBe("curl/8");
  expect(browser("")).toBe("unknown");
});
