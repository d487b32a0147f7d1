import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
}

/** The attributes that tie a control to its label, hint and message. */
interface ControlAttributes {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean | undefined;
}

/** A label, a control, a hint, and the message of an error at this field. */
export function Field({
  label,
  hint,
  error,
  children,
}: FieldProps & { children: (attributes: ControlAttributes) => ComponentChildren }) {
  const id = useId();
  const describedBy = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter((one) => one !== "").join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": describedBy === "" ? undefined : describedBy, "aria-invalid": error ? true : undefined })}
      {hint && (
        <p id={`${id}-hint`} class="small muted">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} class="small error">
          {error}
        </p>
      )}
    </div>
  );
}

interface TextFieldProps extends FieldProps {
  value: string;
  onInput: (value: string) => void;
  type?: "text" | "email" | "password" | "number" | "datetime-local";
  autocomplete?: string;
  required?: boolean;
  list?: string;
  placeholder?: string;
  min?: number;
  max?: number;
  /** The focus goes here when the form appears. */
  first?: boolean;
}

export function TextField({ label, hint, error, value, onInput, type = "text", first = false, ...rest }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(attributes) => (
        <input
          {...attributes}
          {...rest}
          type={type as "text"} // Preact's types allow `list` only for some types
          value={value}
          step={type === "datetime-local" ? 1 : undefined}
          data-first={first || undefined}
          ref={first ? focusOnce : undefined}
          spellcheck={false}
          autocapitalize="off"
          dir="auto"
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

const focused = new WeakSet<HTMLElement>();

/** Focuses a field of a page when it appears; a dialog does so itself when it opens. */
function focusOnce(element: HTMLInputElement | null): void {
  if (element === null || focused.has(element)) return;
  focused.add(element);
  element.focus();
}

export function TextArea({
  label,
  hint,
  error,
  value,
  onInput,
  rows,
  code = false,
}: FieldProps & {
  value: string;
  onInput: (value: string) => void;
  rows: number;
  code?: boolean;
}) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(attributes) => (
        <textarea
          {...attributes}
          class={code ? "code" : undefined}
          rows={rows}
          value={value}
          spellcheck={!code}
          dir="auto"
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function CheckField({
  label,
  hint,
  checked,
  onChange,
}: {
  label: string;
  hint?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}) {
  const id = useId();
  return (
    <div class="check-field">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <div>
        <label for={id}>{label}</label>
        {hint && (
          <p id={`${id}-hint`} class="small muted">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}

/** A few choices side by side, of which one counts. */
export function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: [value: T, label: ComponentChildren][];
  onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class="hidden">{label}</legend>
      {options.map(([option, text]) => (
        <label key={option}>
          <input type="radio" name={name} value={option} checked={option === value} onChange={() => onChange(option)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}
