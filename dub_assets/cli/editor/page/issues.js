/** The issues of segments in the page's language: English from the server, Korean from here. */

import { currentLanguage } from "./texts.js";

const KOREAN = {
  fast_speech: ["말이 빠름", "자연스러운 속도보다 빠르게 말합니다", "텍스트를 줄이세요"],
  late_start: ["늦은 시작", "대사가 원본보다 늦게 시작합니다", "이 대사나 앞 대사를 줄이세요"],
  early_start: ["이른 시작", "대사가 원본보다 일찍 시작합니다", "텍스트를 줄이세요"],
  over_slot: ["구간 초과", "대사가 구간을 넘겨 끝납니다", "텍스트를 줄이세요"],
  untranslated: ["번역 안 됨", "원문과 같은 텍스트입니다", "번역하세요"],
  wrong_language: ["다른 언어", "원문의 언어로 보입니다", "번역하세요"],
  doubtful_translation: ["의심스러운 번역", "다시 번역하면 원문과 다릅니다", "두 텍스트를 비교하고 고치세요"],
  lost_numbers: ["빠진 숫자", "원문의 숫자가 없습니다", "두 텍스트의 숫자를 비교하고 고치세요"],
  inaudible: ["들리지 않음", "클립에 음성이 없습니다", "다른 텍스트나 목소리로 다시 말하게 하세요"],
  unheard: ["확인 못 함", "다시 듣는 중에 인식기가 실패했습니다", "직접 들어 보세요"],
  dropped_words: ["빠진 단어", "일부 단어가 들리지 않습니다", "들어 보고, 빠졌다면 다른 텍스트로 다시 말하게 하세요"],
  repeated_words: ["반복된 단어", "일부 단어가 두 번 들립니다", "들어 보고, 반복되면 다른 텍스트로 다시 말하게 하세요"],
  invented_words: ["없는 단어", "텍스트에 없는 단어가 들립니다", "들어 보고, 그렇다면 다른 텍스트로 다시 말하게 하세요"],
  unlike_text: ["텍스트와 다름", "들리는 말이 텍스트와 다릅니다", "들어 보고, 틀리면 다른 텍스트로 다시 말하게 하세요"],
  leftover_speech: ["남은 원본 음성", "배경음에 원본 음성이 들립니다", "배경음을 줄이세요"],
};

/** Return an issue with `title`, `meaning` and `remedy`; `issues` are the server's. */
export function issueOf(name, issues) {
  const issue = issues[name] ?? { title: name, meaning: "", remedy: "", level: "note" };
  if (currentLanguage() !== "ko" || !KOREAN[name]) return issue;
  const [title, meaning, remedy] = KOREAN[name];
  return { ...issue, title, meaning, remedy };
}
