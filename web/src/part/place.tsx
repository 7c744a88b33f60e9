import Link from "@cloudscape-design/components/link";
import type { ReactNode } from "react";
import { useNavigate } from "react-router";

// Place leads to another page of the console.
export function Place({ to, children }: { to: string; children: ReactNode }) {
  const go = useNavigate();
  return (
    <Link
      href={to}
      onFollow={(e) => {
        e.preventDefault();
        void go(to);
      }}
    >
      {children}
    </Link>
  );
}
