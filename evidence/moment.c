/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Times of logs. See moment.h. By hand, as this runs for every line and strptime() is slow.
 */
#include "evidence/moment.h"

#include <string.h>
#include <time.h>

enum { DAY_S = 86400, HOUR_S = 3600, DISORDER_S = 5, MS = 1000 };

/* Exactly `count` digits, or -1. */
static int number(const char *text, int count)
{
  int value = 0;
  for (int i = 0; i < count; i++) {
    if (text[i] < '0' || text[i] > '9')
      return -1;
    value = value * 10 + text[i] - '0';
  }
  return value;
}

static bool is_leap(int year)
{
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool has_day(int year, int month, int day)
{
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return day >= 1 && day <= days[month - 1] + (month == 2 && is_leap(year));
}

/* Counts years from March, so that the leap day is the last one. */
int64_t moment_day(int year, int month, int day)
{
  int64_t y = month <= 2 ? year - 1 : year;
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t of_era = y - era * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "hh:mm:ss" in seconds, or -1. */
static int read_clock(const char *text)
{
  int hour = number(text, 2), minute, second;
  if (hour < 0 || hour > 23 || text[2] != ':')
    return -1;
  minute = number(text + 3, 2);
  if (minute < 0 || minute > 59 || text[5] != ':')
    return -1;
  second = number(text + 6, 2);
  return second < 0 || second > 60 ? -1 : hour * 3600 + minute * 60 + second;
}

/* ".123456": characters, and milliseconds. */
static size_t read_decimals(const char *text, int *ms)
{
  size_t at = 0;
  int unit = 100;
  *ms = 0;
  if (text[0] != '.' || text[1] < '0' || text[1] > '9')
    return 0;
  for (at = 1; text[at] >= '0' && text[at] <= '9'; at++, unit /= 10)
    *ms += unit * (text[at] - '0');
  return at;
}

/* "Z", "+01:00" or "+0100": characters, and what is to be taken off. 0 where there is none. */
static size_t read_zone(const char *text, int *seconds)
{
  *seconds = 0;
  if (*text == 'Z' || *text == 'z')
    return 1;
  if (*text != '+' && *text != '-')
    return 0;
  int hours = number(text + 1, 2);
  if (hours < 0 || hours > 23)
    return 0;
  size_t colon = text[3] == ':'; /* journalctl -o short-iso of systemd before 255 leaves it out */
  int minutes = number(text + 3 + colon, 2);
  if (minutes < 0 || minutes > 59)
    return 0;
  *seconds = (hours * 60 + minutes) * 60 * (*text == '-' ? -1 : 1);
  return 5 + colon;
}

size_t moment_read(int64_t *moment, const char *text)
{
  int year = number(text, 4), month, day, clock, zone;
  if (year < 0 || text[4] != '-' || (month = number(text + 5, 2)) < 1 || month > 12 || text[7] != '-' ||
      !has_day(year, month, day = number(text + 8, 2)) || (text[10] != 'T' && text[10] != ' ') ||
      (clock = read_clock(text + 11)) < 0)
    return 0;
  int ms;
  size_t at = 19 + read_decimals(text + 19, &ms);
  size_t length = read_zone(text + at, &zone);
  if (length == 0)
    return 0;
  *moment = ((moment_day(year, month, day) * DAY_S + clock) - zone) * MS + ms;
  return at + length;
}

/* An hour of local time; again: the same where summer time ends, and so the hour comes twice. */
struct hour {
  int64_t first, again;
};

static bool is_hour(int64_t seconds, const struct tm *wanted)
{
  time_t moment = (time_t)seconds;
  struct tm found;
  return localtime_r(&moment, &found) && found.tm_hour == wanted->tm_hour && found.tm_mday == wanted->tm_mday;
}

/* By the hour, as the C library reads its zone anew at each call. */
static const struct hour *local_hour(int year, int month, int day, int hour)
{
  static _Thread_local int known[4];
  static _Thread_local struct hour found;
  if (known[0] == year && known[1] == month && known[2] == day && known[3] == hour && found.first != 0)
    return &found;
  const struct tm wanted = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_isdst = -1};
  struct tm tm = wanted;
  int64_t seconds = mktime(&tm);
  /* Which of the two it gives is the library's choice. */
  found.first = is_hour(seconds, &wanted) && is_hour(seconds - HOUR_S, &wanted) ? seconds - HOUR_S : seconds;
  found.again = is_hour(seconds, &wanted) && is_hour(found.first + HOUR_S, &wanted) ? found.first + HOUR_S : found.first;
  known[0] = year;
  known[1] = month;
  known[2] = day;
  known[3] = hour;
  return &found;
}

size_t moment_read_short(int64_t *moment, const char *text, int64_t latest, int64_t before)
{
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  static const int leap_year = 2024;
  int month = 0, day, clock, ms;
  for (int i = 0; i < 12; i++)
    if (strncmp(text, months + 3 * i, 3) == 0)
      month = i + 1;
  if (month == 0 || text[3] != ' ')
    return 0;
  day = text[4] == ' ' ? number(text + 5, 1) : number(text + 4, 2);
  if (!has_day(leap_year, month, day) || text[6] != ' ' || (clock = read_clock(text + 7)) < 0)
    return 0;
  struct tm tm;
  time_t end = (time_t)(latest / MS + DAY_S);
  size_t length = 15 + read_decimals(text + 15, &ms);
  gmtime_r(&end, &tm);
  for (int year = tm.tm_year + 1900 + 1;; year--) {
    if (!has_day(year, month, day))
      continue;
    const struct hour *hour = local_hour(year, month, day, clock / HOUR_S);
    int64_t seconds = hour->first + clock % HOUR_S;
    /* Lines of a few seconds may stand in another order; further back no log goes. */
    if (seconds < before / MS - DISORDER_S)
      seconds = hour->again + clock % HOUR_S;
    if (seconds <= end) {
      *moment = seconds * MS + ms;
      return length;
    }
  }
}
