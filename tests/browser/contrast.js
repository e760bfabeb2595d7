// Returns every text whose contrast with its background is below WCAG 2.2 AA, as JSON.
const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const parsed = (colour) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
  return { rgb: [red, green, blue], alpha: alpha / 255 };
};
const luminance = ([red, green, blue]) =>
  0.2126 * channel(red / 255) + 0.7152 * channel(green / 255) + 0.0722 * channel(blue / 255);
const backgroundOf = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const { rgb, alpha } = parsed(getComputedStyle(at).backgroundColor);
    if (alpha > 0.85) return rgb;
  }
  return [255, 255, 255];
};
const low = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const element = node.parentElement;
  if (!node.textContent.trim() || element.closest("script, style, [hidden], .skip, :disabled") || !element.checkVisibility()) continue;
  const style = getComputedStyle(element);
  const [light, dark] = [luminance(parsed(style.color).rgb), luminance(backgroundOf(element))].sort((one, other) => other - one);
  const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
  const ratio = (light + 0.05) / (dark + 0.05);
  if (ratio < (large ? 3 : 4.5)) low.push(`${ratio.toFixed(2)}: ${node.textContent.trim().slice(0, 40)} (${element.className || element.tagName})`);
}
return JSON.stringify(low);
