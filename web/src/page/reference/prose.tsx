import Box from "@cloudscape-design/components/box";

// Prose shows the document's words: paragraphs, with code between backticks.
export function Prose({ text }: { text: string }) {
  return (
    <>
      {text.split(/\n{2,}/).map((paragraph, i) => (
        <Box variant="p" key={i}>
          {paragraph.split("`").map((part, n) =>
            n % 2 ? (
              <Box variant="code" key={n}>
                {part}
              </Box>
            ) : (
              part
            ),
          )}
        </Box>
      ))}
    </>
  );
}
