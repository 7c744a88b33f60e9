import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Wizard from "@cloudscape-design/components/wizard";
import { type ReactNode, useContext, useEffect } from "react";
import { HelpContext, useHelp } from "../../shell/help";
import { helps } from "./help";

// Page is one page of the wizard.
export interface Page {
  id: string;
  title: string;
  description?: string;
  optional?: boolean;
  content?: ReactNode; // absent: it cannot be reached yet
  next?: string; // what the button says that leads on from here
}

interface Shown {
  pages: Page[];
  at: string;
  busy?: boolean;
  leave: () => void;
  move: (to: string, from: string) => void;
  submit: () => void;
  last: string; // what the button of the last page says
  foot?: ReactNode; // stands under the page, beside the buttons
}

// Frame is the wizard around every way to register. The last page may lack content: then the way has not come so far.
export function Frame({ pages, at, busy, leave, move, submit, last, foot }: Shown) {
  const active = Math.max(0, pages.findIndex((p) => p.id === at));
  const page = pages[active];
  const [title, body] = helps[page?.id ?? ""] ?? ["Register an account", <p key="none">You can leave at any time.</p>];
  const help = useContext(HelpContext);
  useHelp(title, body);
  useEffect(() => void window.scrollTo(0, 0), [active]);
  return (
    <Wizard
      i18nStrings={{
        stepNumberLabel: (n) => `Step ${n}`,
        collapsedStepsLabel: (n, of) => `Step ${n} of ${of}`,
        skipToButtonLabel: (step) => `Skip to ${step.title}`,
        navigationAriaLabel: "Steps",
        cancelButton: "Leave",
        previousButton: "Back",
        nextButton: page?.next ?? "Next",
        submitButton: last,
        optional: "optional",
      }}
      steps={pages.map((p) => ({
        title: p.title,
        description: p.description,
        isOptional: p.optional,
        info: (
          <Link variant="info" ariaLabel={`Info about ${p.title}`} onFollow={() => help.open()}>
            Info
          </Link>
        ),
        content: (
          <SpaceBetween size="l">
            {p.content ?? <Box>This step comes later.</Box>}
            {p.id === page?.id && foot}
          </SpaceBetween>
        ),
      }))}
      activeStepIndex={active}
      isLoadingNextStep={busy}
      onCancel={leave}
      onSubmit={submit}
      onNavigate={({ detail }) => {
        const to = pages[detail.requestedStepIndex];
        if (to && page) move(to.id, page.id);
      }}
    />
  );
}
