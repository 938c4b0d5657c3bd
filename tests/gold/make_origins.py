"""Makes origins.jsonl: the same work mails with invented people of many origins, to see whose names leak.

The lists are written by hand for this file, and no list or rule of the redactor may be made from them: a measuring
stick that the measured thing has seen measures nothing. A person is a given name beside a family name, by a fixed
shuffle. Run it to write the file again: `python tests/gold/make_origins.py`.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

#: By origin: given names, family names, and in which order a full name is said ("" of family names: one word only).
ORIGINS: dict[str, tuple[str, str, str]] = {
    "English": (
        "Oliver Harriet Graham Philippa Trevor Beatrice Nigel Rosalind Duncan Imogen Clive Winifred Rupert Gemma "
        "Barnaby Lorna Stuart Tabitha Wesley Maureen",
        "Ashworth Pemberton Hargreaves Thornton Wilkinson Fairclough Lockwood Bradshaw Whitmore Cartwright",
        "{g} {f}",
    ),
    "German": (
        "Heinrich Gudrun Torsten Anneliese Detlef Sieglinde Rüdiger Heike Jürgen Birgit Volker Mechthild Henning "
        "Swantje Ekkehard Ilse Manfred Dörte Lothar Waltraud",
        "Kirchhoff Oberländer Schlüter Dombrowski Baumgärtner Wiegand Lindemann Rathke Vogelsang Petersen",
        "{g} {f}",
    ),
    "French": (
        "Thibault Solène Gaëtan Maëlle Bastien Capucine Loïc Éloïse Yannick Ghislaine Corentin Margaux Aurélien Océane "
        "Fabrice Bérénice Hugues Clémence Quentin Sandrine",
        "Lefebvre Marchand Charpentier Rousselle Delacourt Fontaine Guillemin Bonnet Perrault Vasseur",
        "{g} {f}",
    ),
    "Spanish": (
        "Álvaro Rocío Gonzalo Pilar Nicanor Consuelo Rodrigo Itziar Ramiro Macarena Joaquín Lourdes Fermín Begoña "
        "Hernán Ximena Leandro Soledad Íñigo Maribel",
        "Cifuentes Villanueva Ordóñez Quintero Barrientos Escudero Zamorano Peñalver Carrasco Montalvo",
        "{g} {f}",
    ),
    "Italian": (
        "Gianluca Ornella Tommaso Ginevra Fabrizio Loredana Ettore Graziella Riccardo Mirella Salvatore Fiorella "
        "Davide Concetta Umberto Letizia Massimo Serena Nicolò Donatella",
        "Bellandi Caruso Marchetti Santoro Pellegrini Gallo Ferrante Zanetti Moretti Bianchini",
        "{g} {f}",
    ),
    "Polish": (
        "Zbigniew Grażyna Wojciech Bożena Mirosław Agnieszka Przemysław Jadwiga Sławomir Kinga Krzysztof Elżbieta "
        "Tadeusz Małgorzata Bartosz Danuta Grzegorz Wiesława Radosław Zuzanna",
        "Wiśniewski Kaczmarek Szymczak Pawlak Zając Wróblewski Jabłoński Sikora Michalak Górski",
        "{g} {f}",
    ),
    "Russian (Latin)": (
        "Gennady Lyudmila Vyacheslav Raisa Arkady Zinaida Timofey Ksenia Stanislav Tamara Yevgeny Larisa Leonid "
        "Alevtina Rodion Polina Matvey Galina Fyodor Nadezhda",
        "Morozenko Sokolov Lebedkin Zaytsev Vinogradov Belyakov Gromov Yermakov Shubin Kalugin",
        "{g} {f}",
    ),
    "Russian (Cyrillic)": (
        "Геннадий Людмила Вячеслав Раиса Аркадий Зинаида Тимофей Ксения Станислав Тамара Евгений Лариса Леонид "
        "Алевтина Родион Полина Матвей Галина Фёдор Надежда",
        "Морозенко Соколов Лебёдкин Зайцев Виноградов Беляков Громов Ермаков Шубин Калугин",
        "{g} {f}",
    ),
    "Turkish": (
        "Orhan Gülşen Serkan Nurten Burak Şebnem Tuncay Emine Cengiz Hülya Volkan Zeynep İlker Sevgi Kerem Aysun Murat "
        "Feride Taner Özlem",
        "Yıldırım Karaca Özdemir Aksoy Çelik Demirtaş Koçak Şahin Bulut Tekin",
        "{g} {f}",
    ),
    "Arabic (Latin)": (
        "Khalid Samira Yousef Huda Tariq Rasha Bilal Nawal Hisham Lubna Ziad Maysoon Faisal Amal Imad Ghada Nabil Suad "
        "Walid Rania",
        "Al-Masri Haddad Khoury Al-Harbi Mansour Darwish Qasim Shahin Abdallah Najjar",
        "{g} {f}",
    ),
    "Arabic (script)": (
        "خالد سميرة يوسف هدى طارق رشا بلال نوال هشام لبنى زياد ميسون فيصل أمل عماد غادة نبيل سعاد وليد رانيا",
        "المصري حداد خوري الحربي منصور درويش قاسم شاهين عبدالله نجار",
        "{g} {f}",
    ),
    "Persian": (
        "Behrouz Shirin Kourosh Mahnaz Farhad Parvaneh Siavash Nasrin Ardeshir Laleh Kamran Golnaz Houshang Maryam "
        "Babak Setareh Dariush Niloufar Mehrdad Azadeh",
        "Rostami Jafari Moradi Hosseinzadeh Kazemi Bagheri Tehrani Sadeghi Norouzi Golestani",
        "{g} {f}",
    ),
    "Hindi": (
        "Rajesh Sunita Vikram Kavita Ashok Meenakshi Suresh Pooja Devendra Shalini Manoj Rekha Alok Jyoti Harish "
        "Nandini Pankaj Archana Gaurav Sushma",
        "Sharma Verma Agarwal Chauhan Mishra Tiwari Saxena Rathore Bhatt Kulshreshtha",
        "{g} {f}",
    ),
    "Tamil": (
        "Senthil Kavitha Murugan Thenmozhi Karthikeyan Selvi Anbarasan Malarvizhi Elango Yazhini Kathir Poongodi Velu "
        "Kanimozhi Saravanan Tamilselvi Ilango Vasanthi Arul Nithya",
        "Subramaniam Palanisamy Ramasamy Chinnasamy Sundaram Natarajan Arumugam Kandasamy Govindan Perumal",
        "{g} {f}",
    ),
    "Chinese (pinyin, family last)": (
        "Weiming Xiuying Jianguo Lihua Zhiqiang Meiling Haoran Yuting Guodong Xiaoyan Yifan Shufen Wenjie Qiuyue Bowen "
        "Ruolan Junjie Chunhua Zihan Yanmei",
        "Zhang Huang Zhao Sun Xu Guo Deng Xiao Tang Feng",
        "{g} {f}",
    ),
    "Chinese (pinyin, family first)": (
        "Weiming Xiuying Jianguo Lihua Zhiqiang Meiling Haoran Yuting Guodong Xiaoyan Yifan Shufen Wenjie Qiuyue Bowen "
        "Ruolan Junjie Chunhua Zihan Yanmei",
        "Zhang Huang Zhao Sun Xu Guo Deng Xiao Tang Feng",
        "{f} {g}",
    ),
    "Chinese (characters)": (
        "伟明 秀英 建国 丽华 志强 美玲 浩然 雨婷 国栋 晓燕 一帆 淑芬 文杰 秋月 博文 若兰 俊杰 春华 子涵 艳梅",
        "张 黄 赵 孙 徐 郭 邓 萧 唐 冯",
        "{f}{g}",
    ),
    "Japanese (Latin)": (
        "Takeshi Haruka Kazuo Megumi Daisuke Sachiko Hiroto Ayumi Shinji Tomoko Ryota Kaori Masaru Yukari Kenta Noriko "
        "Satoru Misaki Tetsuya Chihiro",
        "Nakagawa Fujimoto Matsuda Ishikawa Okabe Shimizu Hayashida Morimoto Kuroki Uchida",
        "{g} {f}",
    ),
    "Korean (Latin)": (
        "Minho Jiyoung Sungwoo Eunji Donghyun Hyejin Taeyang Soyeon Junseo Mikyung Kyungsoo Yerin Sangmin Nayoung "
        "Jaehoon Boram Wonjae Seulgi Hyunwoo Dahye",
        "Kim Park Choi Jung Kang Yoon Jang Lim Han Kwon",
        "{g} {f}",
    ),
    "Vietnamese": (
        "Quang Huong Dũng Thảo Khoa Lan Phong Nhung Tuấn Hạnh Cường Yến Bảo Trinh Đức Ngọc Sơn Thủy Vinh Diệp",
        "Nguyễn Trần Phạm Huỳnh Võ Đặng Bùi Hoàng Đỗ Dương",
        "{f} Minh {g}",
    ),
    "Yoruba": (
        "Babatunde Folasade Adewale Yetunde Olumide Titilayo Kehinde Abimbola Segun Omolara Gbenga Bukola Femi Ronke "
        "Tayo Morenike Kayode Iyabo Damilola Sade",
        "Adeyemi Ogunleye Balogun Afolabi Olatunji Fashola Akinwande Oyelaran Adebisi Ojo",
        "{g} {f}",
    ),
    "Igbo": (
        "Chukwuemeka Ngozi Obinna Adaeze Ikenna Nkechi Uchenna Ifeoma Kelechi Chiamaka Nnamdi Amarachi Emeka Ogechi "
        "Chidi Uju Okechukwu Nneka Azubuike Ebere",
        "Okafor Nwosu Eze Onyekachi Okonkwo Anyanwu Nwachukwu Obi Ugwu Mbah",
        "{g} {f}",
    ),
    "Hungarian": (
        "Zoltán Ildikó Gergely Zsuzsanna Balázs Piroska Ferenc Tünde Lajos Boglárka Attila Márta Szabolcs Emőke Kálmán "
        "Réka Csaba Gyöngyi Tibor Enikő",
        "Szalai Kerekes Fekete Barta Lukács Gulyás Pintér Vörös Hegedűs Takács",
        "{f} {g}",
    ),
    "Indonesian (one word)": (
        "Suharyanto Wulandari Sutrisno Kartini Paijo Suminah Supriyadi Lestari Sugiono Rahayu Wagiman Sulastri Poniman "
        "Mulyani Widodoaji Puspita Tukiman Handayani Sarwono Ningsih",
        "",
        "{g}",
    ),
    "Scandinavian": (
        "Torbjørn Ingrid Håkan Solveig Sven Åse Gunnar Ragnhild Leif Birgitta Øyvind Maj Anders Sigrid Kjell Gunilla "
        "Mogens Lisbeth Rasmus Tuva",
        "Lindqvist Sørensen Hagström Kristoffersen Nygaard Bergström Halvorsen Dahlgren Østergaard Sandvik",
        "{g} {f}",
    ),
}

#: The mails, the same for all origins. A and B are two people; full name, given name, or full name in small letters.
MAILS = (
    "Hi {Ag},\n\nthe build is green again. Yesterday {B} moved the cache to the new disk. Please ask {Bg} about it.\n\n"
    "Best regards\n{B}\n",
    "Hello all,\n\nthe release was delayed because {A} found a fault in the importer. I have sent {B} the log, and "
    "{A}'s patch is in the queue.\n\nThanks\n{Bg}\n",
    "Notes of the review:\n\n- Reviewed by {A}, two remarks.\n- {A} and {B} will write the tests until Friday.\n"
    "- According to {Bg}, the old format can go.\n",
    "can you call {al} today, the invoice is still open. Last week {A} had no access to the folder; {Ag} has it now, "
    "and {B} will check.\n",
    "Dear {A},\n\nthank you for the draft. The second part, which {B} wrote, needs a shorter title. We met with {Ag} "
    "on Tuesday.\n\nKind regards\n{Bg}\n",
)
PEOPLE = 20
SEED = 20261123

Name = tuple[str, str]


def people(origin: str) -> list[Name]:
    """Return the people of an origin, each as full name and given name."""
    given, family, order = ORIGINS[origin]
    first, last = given.split(), family.split() or [""]
    shuffled = random.Random(f"{SEED} {origin}")
    shuffled.shuffle(first)
    last = [last[i % len(last)] for i in range(PEOPLE)]
    shuffled.shuffle(last)
    return [(order.format(g=g, f=f), g) for g, f in zip(first, last, strict=True)]


def filled(mail: str, a: Name, b: Name) -> tuple[str, list[dict[str, object]]]:
    """Return a mail with its names put in, and where they stand."""
    words = {"A": a[0], "Ag": a[1], "al": a[0].lower(), "B": b[0], "Bg": b[1]}
    text, spans = "", []
    for i, part in enumerate(re.split(r"\{(\w+)\}", mail)):
        if i % 2:
            start, text = len(text), text + words[part]
            spans.append({"start": start, "end": len(text), "label": "PERSON", "eid": part[0].lower()})
        else:
            text += part
    return text, spans


def rows() -> list[dict[str, object]]:
    """Return the annotated texts: of each origin each mail with four pairs of people."""
    out: list[dict[str, object]] = []
    for origin in ORIGINS:
        who = people(origin)
        name = re.sub(r"\W+", "-", origin.lower()).strip("-")
        for i, a in enumerate(who):
            text, spans = filled(MAILS[i % len(MAILS)], a, who[(i + 1) % PEOPLE])
            out.append({"id": f"origins-{name}-{i + 1:02}", "origin": origin, "text": text, "spans": spans})
    return out


def lines() -> str:
    """Return the file, one text in each line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows())


if __name__ == "__main__":
    (Path(__file__).parent / "origins.jsonl").write_text(lines(), encoding="utf-8")
