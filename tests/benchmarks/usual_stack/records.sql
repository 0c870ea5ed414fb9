-- The records again, of the tables that dlt made of them: one for each list (names as dlt writes them).
create or replace temp view records as
select
    dossiers.filename,
    dossiers.ma_ho_so as MaHoSo,
    dossiers.ma_tthc as MaTTHC,
    dossiers.ten_tthc as TenTTHC,
    dossiers.ma_linh_vuc as MaLinhVuc,
    dossiers.ten_linh_vuc as TenLinhVuc,
    dossiers.kenh_thuc_hien as KenhThucHien,
    dossiers.so_giay_to_chu_ho_so as SoGiayToChuHoSo,
    dossiers.loai_doi_tuong as LoaiDoiTuong,
    dossiers.ngay_nop_ho_so as NgayNopHoSo,
    dossiers.ngay_tiep_nhan as NgayTiepNhan,
    dossiers.ngay_hen_tra as NgayHenTra,
    dossiers.ngay_ket_thuc_xu_ly as NgayKetThucXuLy,
    dossiers.ngay_tra as NgayTra,
    dossiers.ngay_tu_choi as NgayTuChoi,
    dossiers.trang_thai_ho_so as TrangThaiHoSo,
    dossiers.hinh_thuc as HinhThuc,
    dossiers.don_vi_xu_ly as DonViXuLy,
    dossiers.noi_nop_ho_so as NoiNopHoSo,
    dossiers.ho_so_co_thanh_phan_so_hoa as HoSoCoThanhPhanSoHoa,
    dossiers.tai_khoan_duoc_xac_thuc_voi_v_ne_id as TaiKhoanDuocXacThucVoiVNeID,
    dossiers.duoc_thanh_toan_truc_tuyen as DuocThanhToanTrucTuyen,
    identities.entries as DinhDanhCHS,
    databases.entries as DSKetNoiCSDL,
    papers.entries as TaiLieuNop,
    fees.entries as DanhSachLePhi,
    results.entries as DanhSachGiayToKetQua,
    rounds.entries as DanhSachHoSoBoSung
from raw.dossiers as dossiers
left join (
    select
        _dlt_parent_id,
        list({'SoDinhDanh': so_dinh_danh} order by _dlt_list_idx) as entries
    from raw.dossiers__dinh_danh_chs
    group by _dlt_parent_id
) as identities on dossiers._dlt_id = identities._dlt_parent_id
left join (
    select
        _dlt_parent_id,
        list({'MaCSDL': ma_csdl} order by _dlt_list_idx) as entries
    from raw.dossiers__ds_ket_noi_csdl
    group by _dlt_parent_id
) as databases on dossiers._dlt_id = databases._dlt_parent_id
left join (
    select
        _dlt_parent_id,
        list(
            {'DuocSoHoa': duoc_so_hoa, 'DuocTaiSuDung': duoc_tai_su_dung, 'DuocLayTuKhoDMQG': duoc_lay_tu_kho_dmqg} order by _dlt_list_idx
        ) as entries
    from raw.dossiers__tai_lieu_nop
    group by _dlt_parent_id
) as papers on dossiers._dlt_id = papers._dlt_parent_id
left join (
    select
        _dlt_parent_id,
        list({'Gia': gia} order by _dlt_list_idx) as entries
    from raw.dossiers__danh_sach_le_phi
    group by _dlt_parent_id
) as fees on dossiers._dlt_id = fees._dlt_parent_id
left join (
    select
        _dlt_parent_id,
        list({'DuongDanTepTinKetQua': duong_dan_tep_tin_ket_qua} order by _dlt_list_idx) as entries
    from raw.dossiers__danh_sach_giay_to_ket_qua
    group by _dlt_parent_id
) as results on dossiers._dlt_id = results._dlt_parent_id
left join (
    select
        _dlt_parent_id,
        list({
            'NgayBoSung': ngay_bo_sung, 'NgayTiepNhanBoSung': ngay_tiep_nhan_bo_sung,
            'NgayHenTraTruoc': ngay_hen_tra_truoc, 'NgayHenTraMoi': ngay_hen_tra_moi
        } order by _dlt_list_idx) as entries
    from raw.dossiers__danh_sach_ho_so_bo_sung
    group by _dlt_parent_id
) as rounds on dossiers._dlt_id = rounds._dlt_parent_id;
