//! A chain of a hundred states: a start, 96 on the way, two ends that it leads to and one that it does not.

/// Calls `$callback!` with a line for each step: its name, its outcome, its undo, where it leaves and where it leads.
///
/// Names cannot be counted up in a macro, so they are listed once, here.
macro_rules! hundred {
    ($callback:ident) => {
        $callback! {
            s0 To0 u0 S0 S1;  s1 To1 u1 S1 S2;  s2 To2 u2 S2 S3;  s3 To3 u3 S3 S4;
            s4 To4 u4 S4 S5;  s5 To5 u5 S5 S6;  s6 To6 u6 S6 S7;  s7 To7 u7 S7 S8;
            s8 To8 u8 S8 S9;  s9 To9 u9 S9 S10;  s10 To10 u10 S10 S11;  s11 To11 u11 S11 S12;
            s12 To12 u12 S12 S13;  s13 To13 u13 S13 S14;  s14 To14 u14 S14 S15;  s15 To15 u15 S15 S16;
            s16 To16 u16 S16 S17;  s17 To17 u17 S17 S18;  s18 To18 u18 S18 S19;  s19 To19 u19 S19 S20;
            s20 To20 u20 S20 S21;  s21 To21 u21 S21 S22;  s22 To22 u22 S22 S23;  s23 To23 u23 S23 S24;
            s24 To24 u24 S24 S25;  s25 To25 u25 S25 S26;  s26 To26 u26 S26 S27;  s27 To27 u27 S27 S28;
            s28 To28 u28 S28 S29;  s29 To29 u29 S29 S30;  s30 To30 u30 S30 S31;  s31 To31 u31 S31 S32;
            s32 To32 u32 S32 S33;  s33 To33 u33 S33 S34;  s34 To34 u34 S34 S35;  s35 To35 u35 S35 S36;
            s36 To36 u36 S36 S37;  s37 To37 u37 S37 S38;  s38 To38 u38 S38 S39;  s39 To39 u39 S39 S40;
            s40 To40 u40 S40 S41;  s41 To41 u41 S41 S42;  s42 To42 u42 S42 S43;  s43 To43 u43 S43 S44;
            s44 To44 u44 S44 S45;  s45 To45 u45 S45 S46;  s46 To46 u46 S46 S47;  s47 To47 u47 S47 S48;
            s48 To48 u48 S48 S49;  s49 To49 u49 S49 S50;  s50 To50 u50 S50 S51;  s51 To51 u51 S51 S52;
            s52 To52 u52 S52 S53;  s53 To53 u53 S53 S54;  s54 To54 u54 S54 S55;  s55 To55 u55 S55 S56;
            s56 To56 u56 S56 S57;  s57 To57 u57 S57 S58;  s58 To58 u58 S58 S59;  s59 To59 u59 S59 S60;
            s60 To60 u60 S60 S61;  s61 To61 u61 S61 S62;  s62 To62 u62 S62 S63;  s63 To63 u63 S63 S64;
            s64 To64 u64 S64 S65;  s65 To65 u65 S65 S66;  s66 To66 u66 S66 S67;  s67 To67 u67 S67 S68;
            s68 To68 u68 S68 S69;  s69 To69 u69 S69 S70;  s70 To70 u70 S70 S71;  s71 To71 u71 S71 S72;
            s72 To72 u72 S72 S73;  s73 To73 u73 S73 S74;  s74 To74 u74 S74 S75;  s75 To75 u75 S75 S76;
            s76 To76 u76 S76 S77;  s77 To77 u77 S77 S78;  s78 To78 u78 S78 S79;  s79 To79 u79 S79 S80;
            s80 To80 u80 S80 S81;  s81 To81 u81 S81 S82;  s82 To82 u82 S82 S83;  s83 To83 u83 S83 S84;
            s84 To84 u84 S84 S85;  s85 To85 u85 S85 S86;  s86 To86 u86 S86 S87;  s87 To87 u87 S87 S88;
            s88 To88 u88 S88 S89;  s89 To89 u89 S89 S90;  s90 To90 u90 S90 S91;  s91 To91 u91 S91 S92;
            s92 To92 u92 S92 S93;  s93 To93 u93 S93 S94;  s94 To94 u94 S94 S95;  s95 To95 u95 S95 S96;
            s96 To96 u96 S96 Done;
        }
    };
}
