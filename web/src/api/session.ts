// The key that this tab signs its requests with. It lives as long as the tab.
const slot = "bursar.key";
const listeners = new Set<() => void>();

export const session = {
  key: (): string | null => sessionStorage.getItem(slot),
  begin(key: string) {
    sessionStorage.setItem(slot, key);
    listeners.forEach((f) => f());
  },
  end() {
    sessionStorage.removeItem(slot);
    listeners.forEach((f) => f());
  },
  subscribe(f: () => void) {
    listeners.add(f);
    return () => void listeners.delete(f);
  },
};
