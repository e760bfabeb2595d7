/** The texts of the page in English and Korean. `{name}` is replaced by a value. */

const TEXTS = {
  en: {
    skip: "Skip to the segments", rebuild: "Rebuild video", keys: "Keys", language: "Language of this page", picture: "Picture",
    sound: "Sound", original: "Original", dub: "Dub", segments: "Segments", search: "Search texts", filter: "Filter",
    none: "No segment matches.", timeline: "Timeline", zoomIn: "Zoom in", zoomOut: "Zoom out", close: "Close",
    keysTitle: "Keys", play: "Play", pause: "Pause", all: "All segments", withIssues: "With issues", edited: "Edited", drafts: "Unsaved text",
    count: "{shown} of {total}", speak: "Speak", speaking: "Speaking …", hear: "Play segment", hearOriginal: "Original", hearLine: "Line alone",
    translation: "Translation", originalText: "Original text", voice: "Voice", tempo: "Tempo", ttsGain: "Speech", bgmGain: "Background",
    apply: "Apply", revert: "Discard", draft: "unsaved", isEdited: "edited", queued: "waiting", running: "running", alternatives: "Shorter",
    noIssues: "No issues", languages: "{source} to {target} · {count} segments · {length}", ready: "All changes are saved",
    loadingEngines: "Loading voices …", working: "{what}: {step}", waitsFor: "{reason}", saved: "Segment {names} is spoken", mixed: "Segment {names} is mixed",
    rebuilt: "The video is rebuilt: {path}", rebuildFailed: "{error}", failed: "{error}", connectionLost: "The connection to the server is lost; it is tried again …",
    connected: "Connected again", cannotPlay: "This browser cannot play the {track} file.", rebuilding: "Video", segment: "Segment {name}",
    timelineLabel: "Waveforms of the original and of the lines, with {count} segments. The list has the same segments.", slot: "{length} s of {slot} s",
    transcript: "transcript", translation_step: "text", transcript_step: "segments", tts_segments: "speech", segment_mixes: "mix", final_video: "video", quality: "checks", metadata: "document", report: "report",
    k_play: "Play or pause", k_next: "Next segment", k_previous: "Previous segment", k_edit: "Edit the text", k_speak: "Speak the text", k_hear: "Play the segment",
    k_original: "Play the original", k_track: "Original or dub", k_leave: "Leave the field", k_search: "Search", k_issue: "Next segment with issues",
    k_rebuild: "Rebuild the video", k_help: "Show these keys", k_seek: "Back or forward one second", k_zoom: "Zoom the timeline",
    speakersVoice: "The speaker's voice", speakersVoiceIs: "The speaker's voice: {voice}", speaker: "Speaker", newSpeaker: "{name} (new)", place: "Place", from: "From", to: "To",
    split: "Split at the playhead", merge: "Merge with the next", insert: "Insert a segment", delete: "Delete", note: "Note", checked: "Checked", unchecked: "Not checked", cancel: "Cancel",
    predicted: "about {length} s of {slot} s", spoken: "{length} s of {slot} s", fit_fast: "fast", fit_over: "too long", noteSaved: "The note is saved",
    edited_split: "The segment is split", edited_merge: "The segments are merged", edited_move: "The segment is moved", edited_delete: "The segment is deleted",
    edited_insert: "The segment is inserted", edited_speaker: "The speaker is changed", k_check: "Mark as checked", k_note: "Write a note", k_split: "Split at the playhead",
    k_merge: "Merge with the next", k_insert: "Insert a segment", k_delete: "Delete the segment", k_border: "Start or end at the playhead",
    k_undo: "Undo the last edit", k_history: "Show the revisions",
    undo: "Undo", history: "Revisions", noRevisions: "The job was never edited.", compare: "Compare with now", restore: "Restore", revision: "Revision {number}",
    now: "now", firstRevision: "Before the first edit", comparedWithNow: "From this revision to now:", noChanges: "No text, gain or video differs.", more: "{count} more",
    w_text: "text", w_note: "note", w_checked: "checked", w_original: "original text", w_time: "time", w_speaker: "speaker", w_voice: "voice", w_speech_gain: "speech gain", w_background_gain: "background gain",
    w_speech: "spoken again", w_fit: "fitted again", w_added: "added", w_deleted: "deleted", w_video: "video rebuilt", restored: "Revision {number} is restored", restoring: "Restoring revision {number}",
    restore_revision: "restoring", notInVideo: "Not in the video yet: {count} changed", undone: "Nothing to undo",
  },
  ko: {
    skip: "세그먼트로 건너뛰기", rebuild: "영상 다시 만들기", keys: "단축키", language: "이 페이지의 언어", picture: "영상",
    sound: "소리", original: "원본", dub: "더빙", segments: "세그먼트", search: "텍스트 검색", filter: "필터",
    none: "일치하는 세그먼트가 없습니다.", timeline: "타임라인", zoomIn: "확대", zoomOut: "축소", close: "닫기",
    keysTitle: "단축키", play: "재생", pause: "일시정지", all: "모든 세그먼트", withIssues: "문제 있음", edited: "편집됨", drafts: "저장되지 않은 텍스트",
    count: "{total}개 중 {shown}개", speak: "말하기", speaking: "합성 중 …", hear: "세그먼트 재생", hearOriginal: "원본", hearLine: "대사만",
    translation: "번역문", originalText: "원문", voice: "목소리", tempo: "속도", ttsGain: "음성", bgmGain: "배경음",
    apply: "적용", revert: "버리기", draft: "저장 안 됨", isEdited: "편집됨", queued: "대기 중", running: "진행 중", alternatives: "더 짧게",
    noIssues: "문제 없음", languages: "{source} → {target} · 세그먼트 {count}개 · {length}", ready: "모든 변경 사항이 저장되었습니다",
    loadingEngines: "목소리를 불러오는 중 …", working: "{what}: {step}", waitsFor: "{reason}", saved: "세그먼트 {names}을(를) 합성했습니다", mixed: "세그먼트 {names}을(를) 믹스했습니다",
    rebuilt: "영상을 다시 만들었습니다: {path}", rebuildFailed: "{error}", failed: "{error}", connectionLost: "서버와 연결이 끊어졌습니다. 다시 연결하는 중 …",
    connected: "다시 연결되었습니다", cannotPlay: "이 브라우저는 {track} 파일을 재생할 수 없습니다.", rebuilding: "영상", segment: "세그먼트 {name}",
    timelineLabel: "원본과 대사의 파형, 세그먼트 {count}개. 목록에 같은 세그먼트가 있습니다.", slot: "{slot}초 중 {length}초",
    transcript: "전사", translation_step: "텍스트", transcript_step: "세그먼트", tts_segments: "음성", segment_mixes: "믹스", final_video: "영상", quality: "검사", metadata: "문서", report: "보고서",
    k_play: "재생 또는 일시정지", k_next: "다음 세그먼트", k_previous: "이전 세그먼트", k_edit: "텍스트 편집", k_speak: "텍스트 말하기", k_hear: "세그먼트 재생",
    k_original: "원본 재생", k_track: "원본 또는 더빙", k_leave: "입력란 나가기", k_search: "검색", k_issue: "다음 문제 세그먼트",
    k_rebuild: "영상 다시 만들기", k_help: "단축키 보기", k_seek: "1초 뒤로 또는 앞으로", k_zoom: "타임라인 확대·축소",
    speakersVoice: "화자의 목소리", speakersVoiceIs: "화자의 목소리: {voice}", speaker: "화자", newSpeaker: "{name} (새 화자)", place: "위치", from: "시작", to: "끝",
    split: "재생 위치에서 나누기", merge: "다음과 합치기", insert: "세그먼트 삽입", delete: "삭제", note: "메모", checked: "확인함", unchecked: "확인 안 함", cancel: "취소",
    predicted: "약 {length}초 / {slot}초", spoken: "{length}초 / {slot}초", fit_fast: "빠름", fit_over: "너무 긺", noteSaved: "메모를 저장했습니다",
    edited_split: "세그먼트를 나누었습니다", edited_merge: "세그먼트를 합쳤습니다", edited_move: "세그먼트를 옮겼습니다", edited_delete: "세그먼트를 삭제했습니다",
    edited_insert: "세그먼트를 삽입했습니다", edited_speaker: "화자를 바꾸었습니다", k_check: "확인 표시", k_note: "메모 쓰기", k_split: "재생 위치에서 나누기",
    k_merge: "다음과 합치기", k_insert: "세그먼트 삽입", k_delete: "세그먼트 삭제", k_border: "시작 또는 끝을 재생 위치로",
    k_undo: "마지막 편집 취소", k_history: "수정 이력 보기",
    undo: "실행 취소", history: "수정 이력", noRevisions: "아직 편집한 적이 없습니다.", compare: "현재와 비교", restore: "복원", revision: "수정본 {number}",
    now: "현재", firstRevision: "첫 편집 이전", comparedWithNow: "이 수정본에서 현재까지:", noChanges: "텍스트, 게인, 영상에 차이가 없습니다.", more: "외 {count}개",
    w_text: "텍스트", w_note: "메모", w_checked: "확인", w_original: "원문", w_time: "시간", w_speaker: "화자", w_voice: "목소리", w_speech_gain: "음성 게인", w_background_gain: "배경음 게인",
    w_speech: "다시 합성", w_fit: "다시 배치", w_added: "추가", w_deleted: "삭제", w_video: "영상 다시 만듦", restored: "수정본 {number}을(를) 복원했습니다", restoring: "수정본 {number} 복원 중",
    restore_revision: "복원", notInVideo: "아직 영상에 없는 변경: {count}개", undone: "취소할 편집이 없습니다",
  },
};

let language = localStorage.getItem("language") ?? (navigator.language.startsWith("ko") ? "ko" : "en");

export const currentLanguage = () => language;

/** Return a text in the page's language. */
export function t(name, values = {}) {
  return TEXTS[language][name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

/** Write the texts of the page's fixed elements. */
export function setLanguage(code) {
  language = code in TEXTS ? code : "en";
  localStorage.setItem("language", language);
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", t(element.dataset.label));
  for (const element of document.querySelectorAll("[data-placeholder]")) element.placeholder = t(element.dataset.placeholder);
}
