import HelpPanel from "@cloudscape-design/components/help-panel";
import { createContext, type ReactNode, useContext, useEffect } from "react";

// Help is what the panel beside a page says.
export interface Help {
  panel: ReactNode;
}

export const HelpContext = createContext<{ show: (h: Help | null) => void; open: () => void }>({ show: () => undefined, open: () => undefined });

// useHelp shows a page's help while the page is there.
export function useHelp(title: string, body: ReactNode, depends: unknown[] = []) {
  const { show } = useContext(HelpContext);
  useEffect(() => {
    show({ panel: <HelpPanel header={<h2>{title}</h2>}>{body}</HelpPanel> });
    return () => show(null);
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [title, show, ...depends]);
}
